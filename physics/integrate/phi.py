"""The φ functions of exponential integrators: φ₀ = eᶻ, φₖ₊₁(z) = (φₖ(z) − 1/k!)/z.

For numbers and for square matrices, without eigendecomposition and without cancellation: a Taylor
series of the argument divided by a power of two, then doubling. The array namespace is an
argument (numpy in float64 for constants, jax.numpy inside programs).

Source: Skaflestad & Wright (2009), The scaling and modified squaring method for matrix functions
related to the exponential, doi:10.1016/j.apnum.2008.03.035.
"""

from math import factorial
from types import ModuleType
from typing import Any

TERMS = 15
SMALL = 1.0
DOUBLINGS = 40


def phis(z: Any, highest: int, np: ModuleType) -> list[Any]:
    """[φ₀(z), …, φ_highest(z)] elementwise, for real or complex `z` of any shape.

    Beyond |z| = 1 by the recursion, below by the Taylor series; relative error a few roundings.
    """
    near = abs(z) < SMALL
    inside = np.where(near, z, 0.0)
    outside = np.where(near, 1.0, z)
    values = [np.exp(z)]
    far = np.exp(outside)
    for k in range(highest):
        far = (far - 1.0 / factorial(k)) / outside
        values.append(np.where(near, _series(inside, k + 1), far))
    return values


def _series(z: Any, k: int) -> Any:
    """Σ zʲ/(j + k)! by Horner's rule."""
    total = 1.0 / factorial(TERMS + k + 3)
    for j in range(TERMS + 2, -1, -1):
        total = total * z + 1.0 / factorial(j + k)
    return total


def matrix_phis(a: Any, highest: int, np: ModuleType) -> list[Any]:
    """[φ₀(A), …, φ_highest(A)] of matrices (size, size, *modes), one per mode.

    The number of doublings is chosen per mode, at most DOUBLINGS.
    """
    size = a.shape[0]
    norm = abs(a).sum(axis=1).max(axis=0)
    doublings = np.clip(np.ceil(np.log2(np.maximum(norm, 1e-30))) + 1, 0, DOUBLINGS)
    small = a * 2.0**-doublings
    one = np.eye(size, dtype=a.dtype).reshape(size, size, *(1,) * norm.ndim) + 0 * a
    values = np.stack([_matrix_series(small, k, one, np) for k in range(highest + 1)])

    def double(step, values):
        return np.where(step < doublings, _doubled(values, np), values)

    most = int(doublings.max(initial=0)) if np.__name__ == "numpy" else DOUBLINGS
    return list(_loop(most, double, values, np))


def _loop(count: int, body: Any, start: Any, np: ModuleType) -> Any:
    """`body(i, value)` for i < count; a scan inside programs, so that it is compiled once."""
    if np.__name__ != "numpy":
        import jax

        return jax.lax.fori_loop(0, count, body, start)
    for i in range(count):
        start = body(i, start)
    return start


def _doubled(values: Any, np: ModuleType) -> Any:
    """φₖ(2z) = 2⁻ᵏ (φ₀(z) φₖ(z) + Σⱼ₌₁ᵏ φⱼ(z)/(k − j)!)."""
    doubled = []
    for k in range(len(values)):
        total = _product(values[0], values[k])
        for j in range(1, k + 1):
            total = total + values[j] / factorial(k - j)
        doubled.append(total * 0.5**k)
    return np.stack(doubled)


def _matrix_series(a: Any, k: int, one: Any, np: ModuleType) -> Any:
    shares = np.asarray([1.0 / factorial(TERMS + k - j) for j in range(TERMS + 1)], a.real.dtype)

    def horner(j, total):
        return _product(a, total) + one * shares[j + 1]

    return _loop(TERMS, horner, one * shares[0], np)


def _product(a: Any, b: Any) -> Any:
    """The matrix product of (size, size, *modes), summed over the inner index term by term."""
    return sum(a[:, k, None] * b[None, k, :] for k in range(a.shape[0]))
