"""Words that no name in exported C may be: keywords of C and C++, names of <math.h>, macros."""

_KEYWORDS = """
auto break case char const continue default do double else enum extern float for goto if inline int
long register restrict return short signed sizeof static struct switch typedef union unsigned void
volatile while
alignas alignof asm atomic bool complex constexpr false fortran generic imaginary near far huge
noreturn nullptr static_assert thread_local true typeof typeof_unqual
and and_eq bitand bitor catch class compl concept consteval constinit const_cast co_await co_return
co_yield decltype delete dynamic_cast explicit export final friend import module mutable namespace
new noexcept not not_eq operator or or_eq override private protected public reinterpret_cast
requires static_cast template this throw try typeid typename using virtual wchar_t xor xor_eq
"""
_FUNCTIONS = """
acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp2 expm1 fabs fdim
floor fma fmax fmin fmod frexp hypot ilogb ldexp lgamma llrint llround log log10 log1p log2 logb
lrint lround modf nan nearbyint nextafter nexttoward pow remainder remquo rint round scalbln scalbn
sin sinh sqrt tan tanh tgamma trunc
drem finite gamma isinf isnan j0 j1 jn scalb significand y0 y1 yn
"""
_MACROS = """
INFINITY NAN HUGE_VAL NULL EOF I DOMAIN SING OVERFLOW UNDERFLOW PLOSS TLOSS HUGE X_TLOSS
fpclassify isfinite isgreater isgreaterequal isless islessequal islessgreater isnormal isunordered
signbit signgam math_errhandling errno float_t double_t
linux unix i386 vax sun hpux interface small min max abs main
"""

RESERVED = frozenset(
    [
        *_KEYWORDS.split(),
        *_MACROS.split(),
        *(name + end for name in _FUNCTIONS.split() for end in ("", "f", "l")),
    ]
)
CLASHES = frozenset(["FP", "HUGE", "M", "MATH", "math"])  # M_PI and its like are macros
