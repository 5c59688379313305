"""The ring: trajectories on the device, how often each was used, and draws from it."""

from typing import Any, NamedTuple


class Ring(NamedTuple):
    """members: (member, frame, *space, channel), zero in channels that a system lacks.

    owner: index of the system (member,).   parameters: (member, parameter), padded with zeros.
    uses: draws from each member so far (member,).
    """

    members: Any
    owner: Any
    parameters: Any
    uses: Any


class StreamState(NamedTuple):
    """Everything a stream needs to go on: a pytree of arrays, saved and resumed as it is.

    key: raw key data.   step: batches drawn so far.   drawn, made, rejected: snapshots handed out,
    trajectories simulated, and trajectories thrown away because they were not finite.
    """

    key: Any
    step: Any
    ring: Ring
    drawn: Any
    made: Any
    rejected: Any


def evict(ring: Ring, count: int) -> Any:
    """The `count` most-used members, the first ones among equals."""
    import jax

    return jax.lax.top_k(ring.uses, count)[1]


def replace(ring: Ring, slots: Any, fields: Any, parameters: Any, owner: int, good: Any) -> Ring:
    """New trajectories in `slots`; where `good` is false the old ones stay."""
    import jax.numpy as jnp

    def put(old, new):
        keep = good.reshape(-1, *(1,) * (new.ndim - 1))
        return old.at[slots].set(jnp.where(keep, new, old[slots]))

    members = put(ring.members, _padded(fields, ring.members.shape[1:]))
    values = put(ring.parameters, _padded(parameters, ring.parameters.shape[1:]))
    owners = put(ring.owner, jnp.full(slots.shape, owner, ring.owner.dtype))
    uses = put(ring.uses, jnp.zeros(slots.shape, ring.uses.dtype))
    return Ring(members, owners, values, uses)


def _padded(values: Any, shape: tuple[int, ...]) -> Any:
    """Zeros added at the end of every axis after the first, up to `shape`."""
    import jax.numpy as jnp

    widths = [(0, 0)] + [(0, n - m) for n, m in zip(shape, values.shape[1:], strict=True)]
    return jnp.pad(values, widths)


def sample(ring: Ring, key: Any, batch: int, window: int, crop: tuple[int, ...], wrap: bool):
    """(fields (batch, window, *crop, channel), member, frame, offset, ring with uses counted)."""
    import jax
    import jax.numpy as jnp

    frames, *space, _ = ring.members.shape[1:]
    who, when, where = jax.random.split(key, 3)
    member = jax.random.randint(who, (batch,), 0, len(ring.members))
    frame = jax.random.randint(when, (batch,), 0, frames - window + 1)
    room = jnp.asarray([n if wrap else n - c + 1 for n, c in zip(space, crop, strict=True)])
    offset = jax.random.randint(where, (batch, len(space)), 0, room)

    def cut(m, f, o):
        block = jax.lax.dynamic_slice_in_dim(ring.members[m], f, window, axis=0)
        for axis, (n, c) in enumerate(zip(space, crop, strict=True)):
            index = (o[axis] + jnp.arange(c)) % n
            block = jnp.take(block, index, axis=axis + 1)
        return block

    fields = jax.vmap(cut)(member, frame, offset)
    return fields, member, frame, offset, ring._replace(uses=ring.uses.at[member].add(window))
