"""Real rows within a program: arrays of a fixed room, of which the first `count` rows are real.

How many real steps a training may take is known beforehand, and so is the room.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from zoo.models.sindy_rl.experience import Rows


class Buffer(NamedTuple):
    """rows: of arrays (room, …), float32.   opens: (room,) whether a row begins an episode.
    count: of real rows, which is that of real steps; what stands behind them is nothing."""

    rows: Rows
    opens: Any
    count: Any

    @property
    def real(self) -> Any:
        """(room,) whether a row is one."""
        return jnp.arange(len(self.opens)) < self.count

    @property
    def arrays(self) -> Rows:
        """The real rows, as NumPy's float64."""
        return Rows(*(np.asarray(v, float)[: int(self.count)] for v in self.rows))

    @property
    def beginnings(self) -> np.ndarray:
        """(episode, observed): the first observations of all real episodes."""
        return np.asarray(self.rows.x, float)[np.asarray(self.opens & self.real)]


def filled(parts: list[Rows], room: int, observed: int, controls: int) -> Buffer:
    """A buffer that holds the rows of the episodes `parts`, outside a program."""
    shapes = Rows((room, observed), (room, controls), (room, observed), (room,))
    rows, opens, count = Rows(*(np.zeros(s, np.float32) for s in shapes)), np.zeros(room, bool), 0
    for part in parts:
        opens[count] = True
        for column, own in zip(rows, part, strict=True):
            column[count : count + len(part)] = own
        count += len(part)
    return Buffer(Rows(*map(jnp.asarray, rows)), jnp.asarray(opens), jnp.int32(count))


def written(buffer: Buffer, episode: Rows, count: Any) -> Buffer:
    """The buffer and behind it an episode of arrays (step, …), `count` rows of which are real.

    There is room for all its steps; what is not real is written over by the next one.
    """
    put = jax.lax.dynamic_update_slice_in_dim
    rows = [
        put(old, jnp.asarray(new, old.dtype), buffer.count, 0)
        for old, new in zip(buffer.rows, episode, strict=True)
    ]
    return Buffer(Rows(*rows), buffer.opens.at[buffer.count].set(True), buffer.count + count)
