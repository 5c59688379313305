"""The fields a PDE starts from: given as arrays, or drawn from the law of its System."""

import functools
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from physics import arguments
from physics.grid import Grid
from physics.initial import from_json, to_json
from physics.names import COORDINATES, nearest
from physics.system import System

MOST_AT_ONCE, NUMBERS_AT_ONCE = 64, 2**20  # fields, and numbers in them, of one block


def resolution_of(initial: Any, system: System) -> tuple[int, ...] | None:
    """Resolution of given fields; None if they are drawn or constant."""
    arrays = initial.values() if isinstance(initial, Mapping) else [initial]
    for array in arrays:
        if array is not None and np.ndim(array) >= system.dim:
            return np.shape(array)[-system.dim :]
    return None


def read_fields(system, grid, initial, samples, parameters, seed, precision):
    """Initial fields (sample, *space, channel), given or drawn; one key per sample."""
    import jax.numpy as jnp

    names = system.state_names
    if initial is None:
        sizes = [np.size(v) for v in (parameters or {}).values() if np.ndim(v)]
        count = samples or (max(sizes) if sizes else 1)
        return draw_fields(system, grid, seed, 0, count).astype(precision)
    if not isinstance(initial, Mapping):
        if len(names) > 1:
            raise ValueError(
                f"{system.name!r} has the states {', '.join(names)}: give initial={{state: array}}"
            )
        initial = {names[0]: initial}
    for given in initial:
        if given not in names:
            raise ValueError(f"{given!r} is no state of {system.name!r}{nearest(given, names)}")
    missing = [n for n in names if n not in initial]
    if missing:
        raise ValueError(f"no initial field for state {missing[0]!r}: add it to initial=")
    given = {n: arguments.array(initial[n], f"initial {n!r}") for n in names}
    columns = [_column(n, array, grid, samples) for n, array in given.items()]
    count = max(len(c) for c in columns)
    for name, column in zip(names, columns, strict=True):
        if len(column) not in (1, count):
            raise ValueError(f"initial {name!r} has {len(column)} samples, others have {count}")
    full = [np.broadcast_to(c, (count, *grid.points)) for c in columns]
    return jnp.asarray(np.stack(full, -1), precision)


def draw_fields(system: System, grid: Grid, seed: int, first: int, count: int) -> Any:
    """Fields first … first + count − 1 of all that `seed` stands for, (count, *space, channel).

    Each has its own key, and all are made in the same blocks by one program, so that a field does
    not depend, in any bit, on which others are asked for.
    """
    import jax
    import jax.numpy as jnp

    names, law = system.state_names, system.initial
    if law is None or not getattr(law, "spatial", False):
        raise ValueError(
            f"system {system.name!r} has no initial law for fields: give initial={{"
            f"{names[0]!r}: array (sample, {', '.join(COORDINATES[: grid.dim])})}}"
        )
    block = min(MOST_AT_ONCE, max(1, NUMBERS_AT_ONCE // (math.prod(grid.points) * len(names))))
    start = first // block
    draw = _drawing(json.dumps(to_json(law)), grid, names, block)
    key = jax.random.key(seed)
    blocks = [draw(key, b * block) for b in range(start, -(-(first + count) // block))]
    return jnp.concatenate(blocks)[first - start * block :][:count]


@functools.lru_cache(maxsize=64)
def _drawing(law: str, grid: Grid, names: tuple[str, ...], block: int) -> Any:
    """(key, first index) -> one block of fields, jitted; the law as JSON, which is hashable."""
    import jax
    import jax.numpy as jnp

    drawn = from_json(json.loads(law))

    def draw(key, first):
        keys = jax.vmap(functools.partial(jax.random.fold_in, key))(first + jnp.arange(block))
        return jax.vmap(lambda own: drawn.draw_field(own, grid, names))(keys)

    return jax.jit(draw)


def _column(name: str, array: np.ndarray, grid: Grid, samples: int | None) -> np.ndarray:
    """One state as (sample, *space)."""
    if array.ndim == grid.dim + 1 and array.shape[1:] == grid.points:
        column = array
    elif array.ndim in (0, grid.dim) and array.shape in ((), grid.points):
        column = np.broadcast_to(array, grid.points)[None]
    else:
        raise ValueError(
            f"initial {name!r} has shape {array.shape}; give {grid.points} or (sample, "
            f"{', '.join(map(str, grid.points))})"
        )
    if not np.isfinite(column).all():
        raise ValueError(f"initial {name!r} must be finite")
    if samples and len(column) not in (1, samples):
        raise ValueError(f"samples={samples}, but initial {name!r} holds {len(column)} fields")
    return np.repeat(column, samples, axis=0) if samples and len(column) == 1 else column
