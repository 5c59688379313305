"""A stream that always yields the same batch: training on the whole of a small data set."""

from typing import Any


class FullBatch:
    """`batch`: a pytree of arrays. It is the stream's state, so it is an argument of the compiled
    update and not a constant in it, and a resumed run sees exactly the data it began with.
    """

    def __init__(self, batch: Any):
        self.batch = batch

    def init(self, key: Any) -> Any:
        """The state is the batch."""
        import jax
        import jax.numpy as jnp

        return jax.tree.map(jnp.array, self.batch)

    @staticmethod
    def next(state: Any) -> tuple[Any, Any]:
        """(state, batch)."""
        return state, state

    def check(self, state: Any) -> None:
        """Raise ValueError if the state of a resumed run holds another batch than this one."""
        import jax
        import numpy as np

        here, kept = jax.tree.leaves(self.batch), jax.tree.leaves(state)
        for one, other in zip(here, kept, strict=True):
            if not np.allclose(one, other, rtol=1e-5, atol=1e-8, equal_nan=True):
                raise ValueError(
                    "the run was begun on other data, initial states or parameters; resume it with "
                    "the same ones, or begin another run in another folder"
                )
