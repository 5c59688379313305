"""Stream: batches of fields from many PDEs, simulated while they are used."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from physics import arguments
from physics.grid import Grid
from physics.streams import ring as rings
from physics.streams.ring import Ring, StreamState
from physics.streams.source import Source
from physics.system import System


class Stream:
    """An endless supply of snapshots from `systems`, kept in a ring on the device.

    Every `every` batches one system in turn simulates `group` new trajectories, with parameters
    and initial fields of their own, and they replace the most-used ones. A batch is a random
    member, a random time and a random crop (around the edges where the box is periodic).

    resolution: points per coordinate.   frames: snapshots per trajectory.   members: trajectories
    in the ring.   batch: crops per batch.   crop: their size (default: everything).
    window: consecutive frames per crop.   reuse: draws per snapshot on average, which fixes
    `every`.   vary: {system name: parameters drawn}, default those with a range.
    substeps: {system name: steps between frames}, default by an error estimate.
    mesh: a jax mesh whose axis "data" the members are divided over.
    donate: `next` gives the memory of the state it is handed away (for training loops; the old
    state must not be used again).
    `init` and `next` are pure: the same key gives the same batches, on any number of devices.
    """

    def __init__(
        self,
        systems: Sequence[System],
        *,
        resolution: int | Sequence[int] = 64,
        frames: int = 16,
        members: int = 64,
        group: int = 4,
        batch: int = 16,
        crop: int | Sequence[int] | None = None,
        window: int = 1,
        reuse: float = 8.0,
        vary: dict[str, Sequence[str]] | None = None,
        substeps: dict[str, int] | None = None,
        mesh: Any = None,
        donate: bool = False,
    ):
        systems = [systems] if isinstance(systems, System) else list(systems)
        _check(systems, frames, members, group, batch, window, reuse, mesh)
        self.dim = systems[0].dim
        self.points = Grid(systems[0].domain, resolution).points
        self.crop = self.points if crop is None else Grid(systems[0].domain, crop).points
        if any(c > n for c, n in zip(self.crop, self.points, strict=True)):
            raise ValueError(f"a crop of {self.crop} does not fit into fields of {self.points}")
        names = [s.name for s in systems]
        vary, substeps = _told(vary, names, "vary"), _told(substeps, names, "substeps")
        for name, count in substeps.items():
            arguments.whole(count, f"substeps of {name!r}", 1)
        self.sources = [
            Source(s, self.points, frames, vary.get(s.name), substeps.get(s.name)) for s in systems
        ]
        self.frames, self.members, self.group = frames, members, group
        self.batch, self.window, self.mesh, self.donate = batch, window, mesh, donate
        self.channels = max(len(s.state_names) for s in systems)
        self.width = max(1, *(len(s.parameters) for s in systems))
        self.wrap = all(s.domain is not None and _periodic(s) for s in systems)
        self.every = max(1, round(group * frames * reuse / (batch * window)))
        self._refresh = [_refresher(self, i) for i in range(len(systems))]
        self._sample = _sampler(self)

    # -- the two functions -----------------------------------------------------------------

    def init(self, key: Any) -> StreamState:
        """A full ring, from a jax key."""
        import jax
        import jax.numpy as jnp

        if not isinstance(key, jax.Array):
            raise ValueError(f"init takes a key, as from jax.random.key(0), not {key!r}")
        kind = jnp.zeros((), float).dtype
        shape = (self.members, self.frames, *self.points, self.channels)
        ring = Ring(
            members=jnp.zeros(shape, kind),
            owner=jnp.zeros(self.members, jnp.int32),
            parameters=jnp.zeros((self.members, self.width), kind),
            uses=jnp.full(self.members, jnp.iinfo(jnp.int32).max // 2, jnp.int32),
        )
        step, drawn, made, rejected = (jnp.array(0, jnp.int32) for _ in range(4))
        data = jnp.array(jax.random.key_data(key))
        state = StreamState(data, step, ring, drawn, made, rejected)
        rounds = -(-self.members // self.group)
        for turn in range(rounds):
            state = self._refresh[turn % len(self.sources)](state, np.int32(-1 - turn))
        for turn in range(rounds * FILLING):
            if not bool((state.ring.uses > 0).any()):
                break
            state = self._refresh[turn % len(self.sources)](state, np.int32(-1 - rounds - turn))
        else:
            raise ValueError(
                "most trajectories are not finite: narrow the ranges of the parameters (vary=) or "
                "take more substeps"
            )
        return state

    def next(self, state: StreamState) -> tuple[dict, StreamState]:
        """(batch, state). The batch: fields (batch, window, *crop, channel), system (batch,),
        parameters (batch, parameter), frame, offset, and mask (batch, channel) of true channels.
        """
        step = int(state.step)
        if step and step % self.every == 0:
            turn = (step // self.every) % len(self.sources)
            state = self._refresh[turn](state, np.int32(step))
        return self._sample(state)

    # -- what it amounts to ----------------------------------------------------------------

    def volume(self, state: StreamState) -> dict[str, float]:
        """What has been simulated so far: trajectories, snapshots, bytes, and mean reuse."""
        good = int(state.made) - int(state.rejected)
        snapshots = good * self.frames
        size = np.prod(self.points) * state.ring.members.dtype.itemsize
        channels = np.mean([len(s.system.state_names) for s in self.sources])
        return {
            "trajectories": good,
            "rejected": int(state.rejected),
            "snapshots": snapshots,
            "bytes": float(snapshots * size * channels),
            "drawn": int(state.drawn),
            "reuse": int(state.drawn) / max(snapshots, 1),
            "systems": len(np.unique(np.asarray(state.ring.owner))),
        }

    def preview(self, state: StreamState, path: Any) -> None:
        """A sheet of pictures: one row per system, from first to last frame."""
        from physics.streams.sheet import draw

        draw(self, state, path)


FILLING = 4


def _periodic(system: System) -> bool:
    return all(kind == "periodic" for kind in system.domain.kinds)


def _check(systems, frames, members, group, batch, window, reuse, mesh) -> None:
    if not systems:
        raise ValueError("a stream needs at least one system")
    for system in systems:
        if not isinstance(system, System):
            raise ValueError(f"a stream takes Systems, not {system!r}; see physics.get")
    dims = {s.dim for s in systems}
    if len(dims) > 1 or 0 in dims:
        names = ", ".join(f"{s.name} ({s.dim}-D)" for s in systems)
        raise ValueError(f"all systems of a stream have the same number of dimensions: {names}")
    whole = {"frames": frames, "members": members, "group": group, "batch": batch, "window": window}
    for name, value in whole.items():
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"{name} is a whole number >= 1, not {value!r}")
    if mesh is not None and "data" not in getattr(mesh, "axis_names", ()):
        raise ValueError(f'mesh is a jax.sharding.Mesh with an axis "data", not {mesh!r}')
    if window > frames:
        raise ValueError(f"window={window} is longer than the {frames} frames of a trajectory")
    if group > members:
        raise ValueError(f"group={group} is larger than members={members}")
    if not isinstance(reuse, int | float) or not 0 < reuse < math.inf:
        raise ValueError(f"reuse is a positive number of draws per snapshot, not {reuse!r}")


def _told(given: Any, names: Sequence[str], what: str) -> dict[str, Any]:
    """`given` as {system name: …}; a name that is none of `names` is refused."""
    given = arguments.mapping(given, what, "…")
    arguments.options(given, names, f"{what} of a stream")
    return given


def _refresher(stream: Stream, index: int) -> Any:
    """Jitted function that simulates a group of one system into the ring."""
    import jax
    import jax.numpy as jnp

    source = stream.sources[index]

    def simulate(data, step, slots):
        key = jax.random.wrap_key_data(data)
        keys = jax.vmap(lambda s: jax.random.fold_in(jax.random.fold_in(key, step), s))(slots)
        return jax.vmap(source.trajectory)(keys)

    if stream.mesh is not None:
        from jax.sharding import PartitionSpec as P

        simulate = jax.shard_map(
            simulate, mesh=stream.mesh, in_specs=(P(), P(), P("data")), out_specs=P("data")
        )

    def refresh(state: StreamState, step: Any) -> StreamState:
        slots = rings.evict(state.ring, stream.group)
        fields, parameters = simulate(state.key, step, slots)
        good = jnp.isfinite(fields).all(axis=tuple(range(1, fields.ndim)))
        ring = rings.replace(state.ring, slots, fields, parameters, index, good)
        return state._replace(
            ring=ring,
            made=state.made + stream.group,
            rejected=state.rejected + (~good).sum(dtype=jnp.int32),
        )

    return jax.jit(refresh, donate_argnums=(0,) if stream.donate else ())


def _sampler(stream: Stream) -> Any:
    """Jitted draw of one batch."""
    import jax
    import jax.numpy as jnp

    channels = jnp.asarray([len(s.system.state_names) for s in stream.sources])

    def draw(state: StreamState):
        key = jax.random.fold_in(jax.random.wrap_key_data(state.key), state.step)
        fields, member, frame, offset, ring = rings.sample(
            state.ring, key, stream.batch, stream.window, stream.crop, stream.wrap
        )
        owner = ring.owner[member]
        batch = {
            "fields": fields,
            "system": owner,
            "parameters": ring.parameters[member],
            "frame": frame,
            "offset": offset,
            "mask": jnp.arange(stream.channels) < channels[owner][:, None],
        }
        drawn = state.drawn + stream.batch * stream.window
        return batch, state._replace(ring=ring, step=state.step + 1, drawn=drawn)

    return jax.jit(draw, donate_argnums=(0,) if stream.donate else ())
