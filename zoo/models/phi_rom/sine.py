"""A sine for networks on CPUs: range reduction and a polynomial, several times faster than XLA's.

sin x = (−1)ⁿ p(x − nπ), n the nearest whole number to x/π, p the Taylor polynomial of degree 11:
the error is below 5e-7 for |x| up to 30. The derivative is the same function a quarter period on:
differentiating the polynomial itself would keep all its powers for the backward pass.
"""

import functools
from typing import Any

import numpy as np

TERMS = (1.0, -1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880, -1.0 / 39916800)
HIGH, LOW = 3.140625, 9.67653589793e-4  # π in two parts, the first exact in few bits


def sine(x: Any) -> Any:
    """sin x, elementwise; differentiable to any order in both modes."""
    return _rule()(x)


@functools.cache
def _rule() -> Any:
    import jax

    rule = jax.custom_jvp(_polynomial)

    @rule.defjvp
    def _(primals, tangents):
        (x,), (dx,) = primals, tangents
        return rule(x), rule(x + np.float32(np.pi / 2)) * dx

    return rule


def _polynomial(x: Any) -> Any:
    import jax.numpy as jnp

    n = jnp.round(x * np.float32(1 / np.pi))
    y = (x - n * HIGH) - n * LOW
    sign = 1.0 - 2.0 * (n - 2.0 * jnp.floor(n * 0.5))
    square = y * y
    value = jnp.full_like(y, TERMS[-1])
    for term in TERMS[-2::-1]:
        value = value * square + term
    return sign * y * value
