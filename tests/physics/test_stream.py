"""Streams: reproducible, resumable, fair eviction, crops that are what they say, rejection."""

import os
import subprocess
import sys
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import checkpoints
import physics

OPTIONS = dict(resolution=16, frames=4, members=8, group=2, batch=4, crop=8, reuse=2)


def systems():
    return [physics.get(name, dim=2) for name in ("heat", "wave", "allen_cahn")]


@pytest.fixture(scope="module")
def stream():
    return physics.Stream(systems(), substeps={"heat": 2, "wave": 2}, **OPTIONS)


@pytest.fixture(scope="module")
def begun(stream):
    return stream.init(jax.random.key(3))


def follow(stream, state, steps):
    """Batches and the state after them."""
    batches = []
    for _ in range(steps):
        batch, state = stream.next(state)
        batches.append(batch)
    return batches, state


def same(a, b) -> bool:
    equal = jax.tree.map(lambda x, y: bool((np.asarray(x) == np.asarray(y)).all()), a, b)
    return all(jax.tree.leaves(equal))


@pytest.mark.turns
def test_the_same_key_gives_the_same_batches(stream, begun):
    first, end = follow(stream, begun, 13)
    again, other = follow(stream, stream.init(jax.random.key(3)), 13)
    assert same(first, again) and same(end, other)
    different, _ = follow(stream, stream.init(jax.random.key(4)), 1)
    assert not same(first[0]["fields"], different[0]["fields"])


def test_a_saved_stream_goes_on_bit_for_bit(stream, begun, tmp_path):
    _, middle = follow(stream, begun, 7)
    expected, end = follow(stream, middle, 9)
    checkpoints.save_run(tmp_path / "run", 7, middle, {})
    step, back, _ = checkpoints.load_run(tmp_path / "run", jax.tree.map(jnp.zeros_like, middle))
    assert step == 7
    found, other = follow(stream, back, 9)
    assert same(expected, found) and same(end, other)


def test_the_most_used_members_are_replaced(stream, begun):
    state = begun
    while int(state.step) % stream.every or not int(state.step):
        before = state
        _, state = stream.next(state)
    uses = np.asarray(state.ring.uses)
    _, after = stream.next(state)
    changed = [
        i for i in range(stream.members)
        if not np.array_equal(state.ring.members[i], after.ring.members[i])
    ]  # fmt: skip
    assert len(changed) == stream.group
    assert min(uses[changed]) >= max(np.delete(uses, changed))
    assert int(before.step) < int(after.step)


def test_crops_are_cut_around_the_edges_of_a_periodic_box(stream, begun):
    batch, state = stream.next(begun)
    ring = np.asarray(begun.ring.members)
    found = np.asarray(batch["fields"])
    assert found.shape == (4, 1, 8, 8, 2)
    matched = 0
    for b in range(4):
        x, y = ((o + np.arange(8)) % 16 for o in np.asarray(batch["offset"][b]))
        for member in ring:
            cut = member[int(batch["frame"][b])][np.ix_(x, y)]
            matched += bool((cut == found[b, 0]).all())
    assert matched >= 4
    assert (np.asarray(batch["mask"]).sum(1) == [2 if s == 1 else 1 for s in batch["system"]]).all()
    assert int(state.drawn) == 4


def test_every_system_is_live_and_the_volume_counts(stream, begun, tmp_path):
    _, state = follow(stream, begun, 40)
    volume = stream.volume(state)
    assert volume["systems"] == 3 and volume["rejected"] == 0
    assert volume["snapshots"] == volume["trajectories"] * 4
    assert volume["drawn"] == 160 and volume["bytes"] > 0
    stream.preview(state, tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").stat().st_size > 10_000


def test_trajectories_that_blow_up_are_rejected_and_counted():
    bad = physics.parse("u_t = u_xx + a*u^2", {"a": physics.Parameter("a", 1.0, 0.0, 400.0)},
                        length=6.0, name="bad")  # fmt: skip
    bad = replace(
        bad, initial=physics.fields.RandomFourier(modes=2, offset=1.0, amplitude=0.1), horizon=0.02
    )
    stream = physics.Stream(
        [bad, physics.get("heat")], resolution=16, frames=3, members=8, group=4, batch=2,
        substeps={"bad": 8},
    )  # fmt: skip
    state = stream.init(jax.random.key(0))
    assert int(state.rejected) > 0
    assert np.isfinite(np.asarray(state.ring.members)).all()


SHARDED = """
import jax, numpy as np, physics
stream = physics.Stream(physics.get("heat", dim=2), resolution=16, frames=3, members=8, group=4,
                        batch=4, mesh={mesh}, substeps={{"heat": 1}}, reuse=2)
state = stream.init(jax.random.key(1))
for _ in range(9):
    batch, state = stream.next(state)
print(len(jax.devices()), float(np.asarray(batch["fields"], np.float64).sum()),
      float(np.asarray(state.ring.members, np.float64).std()), int(state.made))
"""


@pytest.mark.turns
def test_draws_do_not_depend_on_the_number_of_devices():
    found = []
    mesh = 'jax.make_mesh((4,), ("data",), axis_types=(jax.sharding.AxisType.Auto,))'
    for count, text in ((1, "None"), (4, mesh)):
        flags = f"--xla_force_host_platform_device_count={count}"
        answer = subprocess.run(
            [sys.executable, "-c", SHARDED.format(mesh=text)], text=True, capture_output=True,
            env=os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}, timeout=600,
        )  # fmt: skip
        assert answer.returncode == 0, answer.stderr[-2000:]
        devices, *figures = answer.stdout.split()
        assert int(devices) == count
        found.append([float(f) for f in figures])
    assert np.allclose(found[0], found[1], rtol=1e-5)


def test_bad_input_is_explained():
    with pytest.raises(ValueError, match="same number of dimensions"):
        physics.Stream([physics.get("heat"), physics.get("gray_scott")])
    with pytest.raises(ValueError, match="no space"):
        physics.streams.source.Source(physics.get("lorenz63"), 8, 2, None, 1)
    with pytest.raises(ValueError, match="longer than the 4 frames"):
        physics.Stream(systems(), **OPTIONS, window=5)
    with pytest.raises(ValueError, match="does not fit"):
        physics.Stream(systems(), **(OPTIONS | {"crop": 32}))
    with pytest.raises(ValueError, match="no range"):
        fixed = physics.parse("u_t = k*u_xx", {"k": 1.0}, length=1.0)
        fixed = replace(fixed, initial=physics.fields.RandomFourier(), horizon=1.0)
        physics.Stream(fixed, resolution=8, vary={"custom": ["k"]})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(vary={"heta": ["k"]}), "vary of a stream"),
        (dict(vary=["k"]), "vary is given as"),
        (dict(substeps={"heat": 0}), "substeps of 'heat' is a whole number"),
        (dict(substeps=3), "substeps is given as"),
        (dict(reuse="a"), "reuse is a positive number"),
        (dict(crop="a"), "whole number >= 2"),
        (dict(mesh=3), 'axis "data"'),
    ],
)
def test_misuse_is_said_before_anything_runs(change, message):
    with pytest.raises(ValueError, match=message):
        physics.Stream([physics.get("heat")], resolution=16, frames=4, members=8, **change)
