"""The surrogate plant: x′ = x + Ξ θ(x, u) with the median coefficients, and how sure it is.

A prediction is linear in its coefficients, so with their covariance C its variance is θ C θᵀ, in
closed form. Angles are brought back to their circles after every step.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from zoo.models.sindy_rl.library import Library, array_library

Reward = Callable[[Any, Any, Any], Any]


class Coefficients(NamedTuple):
    """Arrays of a surrogate: xi (observed, term); spread (member, observed, term), D with C = DᵀD;
    reward (term,) of the sparse reward; low, high (observed,): where it may be trusted;
    worst: least reward of the data."""

    xi: Any
    spread: Any
    reward: Any
    low: Any
    high: Any
    worst: Any


@dataclass(frozen=True, eq=False)
class Surrogate:
    """known: reward(x, u, x′) where it is known; else the sparse reward of θ_r(x′, u)."""

    library: Library
    reward_library: Library
    known: Reward | None = None

    def step(self, c: Coefficients, x: Any, u: Any) -> tuple[Any, Any, Any]:
        """(x′, reward, out of bounds) at x (…, observed), u (…, control)."""
        import jax.numpy as jnp

        theta = self.library.terms(x, u)
        after = self.project(x + theta @ c.xi.T)
        out = ((after < c.low) | (after > c.high) | ~jnp.isfinite(after)).any(-1)
        after = jnp.where(out[..., None], x, after)
        return after, self.reward(c, x, u, after), out

    def reward(self, c: Coefficients, x: Any, u: Any, after: Any) -> Any:
        """The known reward, or the sparse one."""
        if self.known is not None:
            return self.known(x, u, after)
        return self.reward_terms(after, u) @ c.reward

    def reward_terms(self, after: Any, u: Any) -> Any:
        """(…, term): 1, monomials of x′, and u²."""
        np_ = array_library(after)
        one = np_.ones_like(after[..., :1])
        p = self.reward_library.terms(after)
        p = p if self.reward_library.constant else np_.concatenate([one, p], -1)
        return np_.concatenate([p, u**2], -1)

    def uncertainty(self, c: Coefficients, x: Any, u: Any) -> Any:
        """(…, observed) standard deviation of one step: √(θ C θᵀ)."""
        import jax.numpy as jnp

        theta = self.library.terms(x, u)
        return jnp.sqrt((jnp.einsum("mot,...t->...mo", c.spread, theta) ** 2).sum(-2))

    def project(self, x: Any) -> Any:
        """Cosines and sines back on their circles."""
        import jax.numpy as jnp

        names = self.library.observed
        for pair in self.library.circles:
            i, j = (names.index(n) for n in pair)
            size = jnp.maximum(jnp.sqrt(x[..., i] ** 2 + x[..., j] ** 2), 1e-6)
            x = x.at[..., i].divide(size).at[..., j].divide(size)
        return x
