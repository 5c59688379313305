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
