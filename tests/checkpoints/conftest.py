from pathlib import Path

import numpy as np
import pytest

from checkpoints import Card


@pytest.fixture
def card() -> Card:
    return Card(
        name="upinn.test",
        architecture="upinn",
        config={"width": 8, "activation": "tanh"},
        systems=[{"name": "lotka-volterra", "equations": {"x": ["*", "a", "x"]}}],
        ranges={"a": [0.5, 1.5]},
        seeds={"train": 0, "test": 100},
        steps=1000,
        hardware="2 CPU cores",
        wall_time_s=12.5,
        commit="0123abc",
        created="2026-11-21T09:30:00+00:00",
        versions={"jax": "0.10.1"},
        recipe="upinn_test",
        metrics={
            "error": {
                "value": 0.017,
                "tolerance": 0.002,
                "unit": "-",
                "baselines": {"persistence": 0.9},
            }
        },
        limits="only 0.5 ≤ a ≤ 1.5",
        law={"latex": r"\dot x = a x"},
    )


@pytest.fixture
def state() -> dict:
    rng = np.random.default_rng(0)
    return {
        "params": {
            "layers": {
                0: {"kernel": rng.standard_normal((3, 8)).astype(np.float32)},
                1: {"kernel": rng.standard_normal((8, 2)), "mask": np.array([True, False])},
            },
            "modes": (rng.standard_normal(4) + 1j).astype(np.complex64),
        },
        "statistics": {"count": np.array(7, np.int32), "mean": np.zeros((2,), np.float64)},
        "rest": {},
    }


def leaves(tree, path=()):
    """{tuple of keys: leaf}, with empty dicts kept; independent of the package's own flattening."""
    if isinstance(tree, dict):
        found = {(*path, "{}"): None} if not tree else {}
        for key, value in tree.items():
            found |= leaves(value, (*path, key))
        return found
    return {path: tree}


def assert_identical(found, expected) -> None:
    found, expected = leaves(found), leaves(expected)
    assert {(k, tuple(map(type, k))) for k in found} == {(k, tuple(map(type, k))) for k in expected}
    for path, leaf in expected.items():
        if leaf is not None:
            leaf = np.asarray(leaf)
            assert type(found[path]) is np.ndarray, path
            assert found[path].dtype == leaf.dtype, path
            assert found[path].shape == leaf.shape, path
            assert found[path].tobytes() == leaf.tobytes(), path


@pytest.fixture
def identical():
    return assert_identical


@pytest.fixture
def listing():
    """Everything below a folder: {relative path: (bytes, mtime)}."""

    def list_files(folder: Path) -> dict:
        return {
            str(path.relative_to(folder)): (
                path.read_bytes() if path.is_file() else None,
                path.stat().st_mtime_ns if path.is_file() else None,
            )
            for path in sorted(folder.rglob("*"))
        }

    return list_files
