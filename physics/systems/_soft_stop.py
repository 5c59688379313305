"""The force of a soft stop: a one-sided damped spring with the impedance that MuJoCo gives one.

Beyond the stop, at depth p and speed v outwards, the acceleration aimed at is −b v − k d(p) p with
b = 2/(d₁ τ), k = 1/(d₁ τ)². Of the way from the free acceleration a to it the force goes the share
that the impedance d(p) sets, which rises from d₀ to d₁ over the width w; the stop never pulls:
    F = max(0, (a + b v + k d p) / (A + (1 − d)/d · A₀)),  A = ∂a/∂F, A₀ = A in the rest pose.
Source: MuJoCo documentation, "Computation: constraint model" and "Modeling: solver parameters".
"""

import sympy

D0, D1 = sympy.Rational(9, 10), sympy.Rational(19, 20)
WIDTH = sympy.Rational(1, 1000)
TAU = sympy.Rational(2, 25)  # time constant of the stop, critically damped


def soft_stop(x, v, free, ease, ease_at_rest, reach) -> sympy.Expr:
    """Force against x at |x| > reach, positive where it pushes towards −x.

    free: acceleration without the stop.   ease, ease_at_rest: acceleration per force.
    """
    side, depth = sympy.sign(x), sympy.Abs(x) - reach
    beyond = sympy.Max(0, depth)
    z = sympy.Min(1, beyond / WIDTH)
    smooth = 2 * z**2 - sympy.Max(0, 2 * z - 1) ** 2
    d = D0 + (D1 - D0) * smooth
    wanted = 2 / (D1 * TAU) * side * v + d * beyond / (D1 * TAU) ** 2
    # the divisor is positive: outside of max() it is not multiplied out with what is inside
    push = sympy.Max(0, side * free + wanted) / (ease + ease_at_rest / d - ease_at_rest)
    return side * sympy.Max(0, sympy.sign(depth)) * push
