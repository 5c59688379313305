import asyncio
import os
import pickle
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import checkpoints
from checkpoints import CheckpointError
from checkpoints.arrays import DTYPES

dtypes = st.sampled_from(
    [np.dtype(d) for d in ("f4", "f8", "i4", "i8", "u1", "?", "c8", "c16", "f2")]
)
arrays = hnp.arrays(dtypes, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
keys = st.integers(-3, 12) | st.text(max_size=4) | st.sampled_from(["0", "a.b", "a/b", "%", "07"])
trees = st.recursive(
    arrays, lambda inner: st.dictionaries(keys, inner, max_size=3), max_leaves=6
).filter(lambda tree: isinstance(tree, dict))


@given(tree=trees)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_tree_round_trips(tree, card, tmp_path_factory, identical):
    path = tmp_path_factory.mktemp("any") / "c"
    tree = {"w": np.ones(2, np.float32), "tree": tree}
    try:
        saved = checkpoints.save(path, tree, card)
    except CheckpointError as error:
        assert "Unicode" in str(error)  # lone surrogates in a key
        return
    found, read = checkpoints.load(path)
    identical(found, tree)
    assert read == saved


def test_round_trip_and_card(state, card, tmp_path, identical):
    saved = checkpoints.save(tmp_path / "deep" / "c", state, card)
    found, read = checkpoints.load(str(tmp_path / "deep" / "c"))
    identical(found, state)
    assert saved == read == checkpoints.read_card(tmp_path / "deep" / "c")
    assert read.arrays["params/layers/0/kernel"] == {"shape": [3, 8], "dtype": "float32"}
    assert read.arrays["rest/"] == {}
    assert replace(read, sha256="", arrays={}, files={}) == card
    assert sorted(os.listdir(tmp_path / "deep" / "c")) == ["card.json", "state"]
    assert os.listdir(tmp_path / "deep") == ["c"]


@pytest.mark.parametrize("name", DTYPES)
def test_every_dtype_keeps_its_bits(name, card, tmp_path, identical):
    rng = np.random.default_rng(0)
    dtype = jnp.dtype(name)
    array = rng.integers(0, 2, (5, 8)).astype(bool)
    if dtype.kind != "b":
        array = rng.bytes(5 * 8 * dtype.itemsize)
        array = np.frombuffer(array, dtype).reshape(5, 8)  # any bits: NaN payloads, subnormals
    checkpoints.save(tmp_path / "c", {"x": array}, card)
    identical(checkpoints.load(tmp_path / "c")[0], {"x": array})


@pytest.mark.parametrize("value", [0.0, -0.0, np.nan, np.inf, 5e-324])
def test_special_values_alone_in_an_array(value, card, tmp_path, identical):
    state = {"x": np.full((3, 2), value), "y": np.full((), value)}
    checkpoints.save(tmp_path / "c", state, card)
    identical(checkpoints.load(tmp_path / "c")[0], state)


def test_float64_survives_without_x64(card, tmp_path, identical):
    with jax.enable_x64(False):
        state = {"x": np.array([np.pi, 1 + 2**-50]), "n": np.array([2**40 + 1])}
        assert jnp.asarray(state["x"]).dtype == np.float32
        checkpoints.save(tmp_path / "c", state, card)
        identical(checkpoints.load(tmp_path / "c")[0], state)
    with jax.enable_x64(True):
        identical(checkpoints.load(tmp_path / "c")[0], state)


def test_keys_that_look_alike_stay_apart(card, tmp_path, identical):
    x = [np.full(2, i, np.float32) for i in range(8)]
    state = {
        0: x[0],
        "0": x[1],
        -1: {10: x[2], "": x[3]},
        "a.b": x[4],
        "a": {"b": x[5]},
        "a/b": x[6],
        "Δ %2E": x[7],
    }
    checkpoints.save(tmp_path / "c", state, card)
    identical(checkpoints.load(tmp_path / "c")[0], state)


def test_layouts_and_jax_arrays_and_scalars(card, tmp_path, identical):
    base = np.arange(12, dtype=np.float32).reshape(3, 4)
    state = {
        "fortran": np.asfortranarray(base),
        "strided": base[::2, ::-1],
        "big_endian": base.astype(">f4"),
        "read_only": np.broadcast_to(base[0], (2, 4)),
        "jax": jnp.asarray(base),
        "key": jax.random.key_data(jax.random.key(3)),
        "scalar": np.float32(2.5),
        "zero_d": np.array(2.5),
        "nothing": np.zeros((0, 3), np.complex64),
    }
    checkpoints.save(tmp_path / "c", state, card)
    expected = {
        k: np.asarray(v).astype(np.asarray(v).dtype.newbyteorder("=")) for k, v in state.items()
    }
    found = checkpoints.load(tmp_path / "c")[0]
    identical(found, expected)
    found["fortran"][:] = 0  # the caller's own, writable


@pytest.mark.parametrize(
    "state, word",
    [
        ({}, "nothing to save"),
        ({"a": {}, "b": np.zeros((0, 2))}, "nothing to save"),
        (np.ones(3), "nested dict"),
        ([np.ones(3)], "nested dict"),
        ({"a": [np.ones(3)]}, "int keys"),
        ({"a": 3.5}, "float"),
        ({"a": None}, "NoneType"),
        ({"a": "text"}, "str"),
        ({"a": np.array("text")}, "dtype"),
        ({"a": np.array([None])}, "dtype"),
        ({"a": np.array(["2020"], "M8[D]")}, "dtype"),
        ({"a": np.ones(2, np.longdouble)}, "dtype"),
        ({"a": np.zeros(2, [("x", "f4")])}, "dtype"),
        ({True: np.ones(2)}, "bool"),
        ({(1, 2): np.ones(2)}, "tuple"),
        ({"\ud800": np.ones(2)}, "Unicode"),
        ({"key": jax.random.key(0)}, "key_data"),
    ],
)
def test_what_cannot_be_kept_is_refused_before_writing(state, word, card, tmp_path):
    with pytest.raises(CheckpointError, match=word):
        checkpoints.save(tmp_path / "sub" / "c", state, card)
    assert os.listdir(tmp_path) == []


def test_collections_given_in_the_card_are_kept(card, tmp_path):
    card = replace(
        card,
        arrays={
            "w": {"shape": [], "dtype": "?", "collection": "Param"},
            "gone": {"shape": [], "dtype": "?"},
        },
    )
    saved = checkpoints.save(tmp_path / "c", {"w": np.ones(2), "b": np.ones(2)}, card)
    assert saved.arrays == {
        "b": {"shape": [2], "dtype": "float64"},
        "w": {"shape": [2], "dtype": "float64", "collection": "Param"},
    }


def test_existing_needs_overwrite_and_strangers_are_never_overwritten(
    state, card, tmp_path, identical
):
    checkpoints.save(tmp_path / "c", {"x": np.ones(2)}, card)
    with pytest.raises(CheckpointError, match="overwrite=True"):
        checkpoints.save(tmp_path / "c", state, card)
    identical(checkpoints.load(tmp_path / "c")[0], {"x": np.ones(2)})
    checkpoints.save(tmp_path / "c", state, card, overwrite=True)
    identical(checkpoints.load(tmp_path / "c")[0], state)

    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "final.tex").write_text("years of work")
    (tmp_path / "file").write_text("also dear")
    for path in ("thesis", "file"):
        with pytest.raises(CheckpointError, match="no checkpoint"):
            checkpoints.save(tmp_path / path, state, card, overwrite=True)
    assert (tmp_path / "thesis" / "final.tex").read_text() == "years of work"
    (tmp_path / "empty").mkdir()
    checkpoints.save(tmp_path / "empty", state, card)
    assert sorted(os.listdir(tmp_path)) == ["c", "empty", "file", "thesis"]


def test_overwriting_through_a_link_keeps_the_link(state, card, tmp_path, identical):
    checkpoints.save(tmp_path / "v1", {"x": np.ones(2)}, card)
    (tmp_path / "best").symlink_to(tmp_path / "v1")
    checkpoints.save(tmp_path / "best", state, card, overwrite=True)
    assert (tmp_path / "best").is_symlink()
    identical(checkpoints.load(tmp_path / "v1")[0], state)


def test_same_arrays_same_sha256_whatever_the_order(card, tmp_path):
    a = checkpoints.save(tmp_path / "a", {"x": np.ones(2), "y": np.zeros(3)}, card)
    b = checkpoints.save(tmp_path / "b", {"y": np.zeros(3), "x": np.ones(2)}, card)
    c = checkpoints.save(tmp_path / "c", {"x": np.ones(2), "y": -np.zeros(3)}, card)
    assert a.sha256 == b.sha256 != c.sha256


def test_works_inside_a_running_event_loop(state, card, tmp_path, identical):
    async def notebook_cell():
        checkpoints.save(tmp_path / "c", state, card)
        return checkpoints.load(tmp_path / "c")[0]

    identical(asyncio.run(notebook_cell()), state)


def test_an_orbax_context_of_the_caller_changes_nothing(state, card, tmp_path, identical):
    from orbax.checkpoint import v1 as ocp

    context = ocp.Context()
    context.array.saving.storage_options.dtype = np.float32
    with context:
        checkpoints.save(tmp_path / "c", state, card)
        identical(checkpoints.load(tmp_path / "c")[0], state)


def test_nothing_is_unpickled(state, card, tmp_path, monkeypatch, identical):
    checkpoints.save(tmp_path / "c", state, card)

    def refuse(*args, **kwargs):
        raise AssertionError("unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    identical(checkpoints.load(tmp_path / "c")[0], state)


def test_plain_orbax_reads_the_state(state, card, tmp_path):
    from orbax.checkpoint import v1 as ocp

    checkpoints.save(tmp_path / "c", state, card)
    tree = ocp.load(tmp_path / "c" / "state")
    kernel = tree["params"]["layers"]["0"]["kernel"]
    assert np.array_equal(kernel, state["params"]["layers"][0]["kernel"])


def test_annotate_changes_the_card_only(state, card, tmp_path, identical, listing):
    saved = checkpoints.save(tmp_path / "c", state, card)
    before = listing(tmp_path / "c" / "state")
    metrics = {"error": {"value": 0.5, "tolerance": 0.1}}
    changed = checkpoints.annotate(tmp_path / "c", metrics=metrics, limits="none known")
    assert changed == replace(saved, metrics=metrics, limits="none known")
    found, read = checkpoints.load(tmp_path / "c")
    assert read == changed
    identical(found, state)
    assert listing(tmp_path / "c" / "state") == before
    assert sorted(os.listdir(tmp_path / "c")) == ["card.json", "state"]
    for name in ("sha256", "arrays", "files", "format", "to_json", "mertics"):
        with pytest.raises(CheckpointError, match=name):
            checkpoints.annotate(tmp_path / "c", **{name: {}})
    with pytest.raises(CheckpointError, match="steps"):
        checkpoints.annotate(tmp_path / "c", steps=-3)
    assert checkpoints.read_card(tmp_path / "c") == changed


def test_others_may_read_what_is_saved(state, card, tmp_path):
    checkpoints.save(tmp_path / "c", state, card)
    mask = os.umask(0)
    os.umask(mask)
    for path in [tmp_path / "c", *(tmp_path / "c").rglob("*")]:
        assert path.stat().st_mode & 0o444 == 0o444 & ~mask, path
