"""A stream of random minibatches of a data set that fits in memory."""

from typing import Any


class Minibatches:
    """`examples`: pytree of arrays with examples along the first axis; `size` drawn per batch, with
    replacement, so that a resumed run draws what the first one would have."""

    def __init__(self, examples: Any, size: int):
        self.examples, self.size = examples, size

    def init(self, key: Any) -> Any:
        """State: the examples, a key as data, and how many batches were drawn."""
        import jax
        import jax.numpy as jnp

        return {
            "examples": jax.tree.map(jnp.array, self.examples),
            "key": jax.random.key_data(key),
            "drawn": jnp.asarray(0, jnp.int32),
        }

    def next(self, state: Any) -> tuple[Any, Any]:
        """(state, batch)."""
        import jax

        key = jax.random.fold_in(jax.random.wrap_key_data(state["key"]), state["drawn"])
        count = jax.tree.leaves(state["examples"])[0].shape[0]
        pick = jax.random.randint(key, (self.size,), 0, count)
        batch = jax.tree.map(lambda a: a[pick], state["examples"])
        return state | {"drawn": state["drawn"] + 1}, batch
