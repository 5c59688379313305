import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from checkpoints import CheckpointError, Skipped, transfer


@pytest.fixture
def old():
    return {
        "encoder": {0: {"w": np.ones((2, 3), np.float32), "b": np.ones(3, np.float32)}},
        "head": {"w": np.ones((3, 1), np.float32)},
        "gone": np.ones(5, np.float32),
        "rest": {},
    }


@pytest.fixture
def new():
    return {
        "backbone": {"encoder": {0: {"w": np.zeros((2, 3)), "b": np.zeros(3)}}},
        "head": {"w": np.zeros((3, 4))},
        "fresh": jnp.zeros(2),
        "rest": {},
    }


def test_everything_is_accounted_for(old, new):
    merged, report = transfer(old, new, rename={"encoder": "backbone/encoder"})
    assert report.matched == ("backbone/encoder/0/w", "backbone/encoder/0/b")
    assert report.skipped == (
        Skipped(path="head/w", source=(3, 1), target=(3, 4), reason="other shape"),
        Skipped(path="gone", source=(5,), target=None, reason="not in the target"),
    )
    assert report.reinitialised == ("head/w", "fresh")
    counts = report.matched_parameters, report.skipped_parameters, report.reinitialised_parameters
    assert counts == (9, 8, 14)
    assert report.fraction == pytest.approx(9 / 23)

    taken = merged["backbone"]["encoder"][0]["w"]
    assert taken.dtype == np.float64 and (taken == 1).all()  # the target's dtype
    assert merged["fresh"] is new["fresh"] and merged["rest"] == {}
    assert list(merged) == list(new)


def test_nothing_is_shared_or_changed(old, new):
    merged, _ = transfer(old, new, rename={"encoder": "backbone/encoder"})
    merged["backbone"]["encoder"][0]["w"][:] = 7
    assert (old["encoder"][0]["w"] == 1).all() and (new["backbone"]["encoder"][0]["w"] == 0).all()


def test_report_fits_one_screen():
    source = {f"layer{i}": np.ones((2, i + 1)) for i in range(100)}
    target = {f"layer{i}": np.ones((2, 3 if i % 2 else i + 1)) for i in range(0, 150)}
    text = str(transfer(source, target)[1])
    assert len(text.splitlines()) <= 24 and max(map(len, text.splitlines())) <= 100
    assert "… and" in text and "(2, 2) -> (2, 3)" in text and "% of the target" in text


@pytest.mark.parametrize("skip", ["head", "head/w", "*/w", "h*"])
def test_skip_keeps_the_target(skip):
    source = {"head": {"w": np.ones(2)}, "b": np.ones(2)}
    merged, report = transfer(source, {"head": {"w": np.zeros(2)}, "b": np.zeros(2)}, skip=[skip])
    assert (merged["head"]["w"] == 0).all() and (merged["b"] == 1).all()
    assert report.skipped[0].reason == "asked to skip" and report.reinitialised == ("head/w",)


def test_longest_rename_counts_and_only_whole_segments():
    source = {"a": {"x": np.full(1, 1.0), "y": np.full(1, 2.0)}, "ab": np.full(1, 3.0)}
    target = {"p": {"y": np.zeros(1)}, "q": np.zeros(1), "ab": np.zeros(1)}
    merged, report = transfer(source, target, rename={"a": "p", "a/x": "q"})
    assert (merged["q"], merged["p"]["y"], merged["ab"]) == (1, 2, 3) and report.fraction == 1


@pytest.mark.parametrize(
    "source, target, reason",
    [
        (np.ones(2, np.complex64), np.zeros(2, np.float32), "complex64 does not become float32"),
        (np.ones(2, np.float32), np.zeros(2, np.int32), "float32 does not become int32"),
        (np.ones(2, np.float64), jnp.zeros(2, jnp.bfloat16), ""),
        (np.ones(2, np.float32), np.zeros(2, np.complex64), ""),
        (np.ones(()), np.zeros(1), "other shape"),
    ],
)
def test_dtypes(source, target, reason):
    merged, report = transfer({"x": source}, {"x": target})
    assert [entry.reason for entry in report.skipped] == ([reason] if reason else [])
    assert merged["x"].dtype == target.dtype


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"rename": {"encodr": "x"}}, 'rename names "encodr", .* source .*nearest: "encoder"'),
        ({"skip": ["haed"]}, 'skip names "haed", .* target .*nearest: "head"'),
        ({"skip": ["zzzzzzzz"]}, "it has: "),
        ({"rename": {"gone": "head/w"}}, 'two leaves to "head/w"'),
    ],
)
def test_misspelt_entries_are_errors(arguments, words, old, new):
    with pytest.raises(CheckpointError, match=words):
        transfer(old, new, **arguments)


def test_only_nested_dicts_of_arrays(old):
    for wrong in ([np.ones(2)], {"x": 3.0}, {"x": [np.ones(2)]}):
        with pytest.raises(CheckpointError):
            transfer(wrong, old)
        with pytest.raises(CheckpointError):
            transfer(old, wrong)


def test_nothing_in_common():
    merged, report = transfer({"a": np.ones(2)}, {"b": {}})
    assert merged == {"b": {}} and report.fraction == 0.0 and "0.0%" in str(report)


shapes = hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3)
trees = st.dictionaries(
    st.sampled_from("abcde") | st.integers(0, 2),
    hnp.arrays(np.float32, shapes, elements=st.floats(0, 1, width=32)),
)


@given(source=trees, target=trees)
@settings(max_examples=50, deadline=None)
def test_counts_add_up(source, target):
    merged, report = transfer(source, target)
    assert set(merged) == set(target)
    total = report.matched_parameters + report.reinitialised_parameters
    assert total == sum(leaf.size for leaf in target.values())
    assert len(report.matched) + len(report.skipped) == len(source)
    for key, leaf in merged.items():
        taken = key in source and source[key].shape == target[key].shape
        assert np.array_equal(leaf, (source if taken else target)[key])
