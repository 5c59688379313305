import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import checkpoints
from checkpoints import CheckpointError, shelf


@pytest.fixture
def shelves(card, tmp_path, monkeypatch):
    """Two shelves in ZOO_PATH with one checkpoint each, and a missing one."""
    for place, name in (("one", "planted.lotka-volterra"), ("two", "planted.burgers")):
        checkpoints.save(tmp_path / place / "weights" / name, {"x": np.ones(2)}, card)
    folders = [tmp_path / "one", tmp_path / "missing", tmp_path / "two"]
    monkeypatch.setenv("ZOO_PATH", ":".join(map(str, folders)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_names_and_find(shelves):
    assert {"planted.lotka-volterra", "planted.burgers"} <= set(checkpoints.names())
    assert checkpoints.names() == sorted(checkpoints.names())
    place = shelves / "two" / "weights" / "planted.burgers"
    assert checkpoints.find("planted.burgers") == place
    assert checkpoints.find(place) == checkpoints.find(str(place / "card.json")) == place
    assert checkpoints.find("two/weights/planted.burgers") == place
    state, card = checkpoints.load("planted.burgers")
    assert np.array_equal(state["x"], [1, 1]) and card == checkpoints.read_card("planted.burgers")


def test_only_whole_checkpoints_have_names(shelves):
    weights = shelves / "one" / "weights"
    (weights / "notes").mkdir()
    (weights / "README.md").touch()
    (weights / ".planted.x.vm-1-00000000.tmp").mkdir()
    (weights / ".planted.x.vm-1-00000000.tmp" / "card.json").touch()
    assert not {"notes", "README.md"} & set(checkpoints.names())
    assert not any(name.startswith(".") for name in checkpoints.names())


def test_unknown_names_get_the_nearest(shelves):
    with pytest.raises(CheckpointError) as error:
        checkpoints.load("planted.burger")
    assert str(error.value) == (
        'unknown checkpoint "planted.burger"; nearest: "planted.burgers"; see zoo.list_models()'
    )
    with pytest.raises(CheckpointError, match=r'^unknown checkpoint "q"; see zoo.list_models\(\)$'):
        checkpoints.read_card("q")
    with pytest.raises(CheckpointError, match="no folder"):
        checkpoints.find("runs/mine")
    with pytest.raises(CheckpointError, match="no folder"):
        checkpoints.find(Path("mine"))


def test_a_folder_here_is_found_by_its_bare_name(shelves, card):
    checkpoints.save("mine", {"x": np.ones(2)}, card)
    assert checkpoints.find("mine") == shelves / "mine"


def test_shipped_checkpoints_come_first(shelves, card, monkeypatch, tmp_path):
    monkeypatch.setattr(shelf, "SHIPPED", tmp_path / "shipped")
    checkpoints.save(tmp_path / "shipped" / "planted.burgers", {"x": np.ones(2)}, card)
    assert checkpoints.find("planted.burgers") == tmp_path / "shipped" / "planted.burgers"


@pytest.mark.parametrize("name", ["", ".", "..", "/", "~", "../..", "a\0b", "x" * 300])
def test_strange_names_are_refused(name, shelves):
    with pytest.raises(CheckpointError) as error:
        checkpoints.read_card(name)
    assert "\n" not in str(error.value)


def test_every_shipped_checkpoint_has_a_whole_card():
    for entry in shelf._entries(shelf.SHIPPED):
        card = checkpoints.read_card(entry.name)
        assert card.name == entry.name and card.limits and card.metrics and card.recipe


def test_cards_need_neither_numpy_nor_jax(shelves):
    code = """
import sys, time
start = time.process_time()
import checkpoints
cost = time.process_time() - start
assert not set(sys.modules) & {"dataclasses", "json", "checkpoints.store"}, "not lazy"
checkpoints.names(), checkpoints.find("planted.burgers"), checkpoints.Card
assert checkpoints.read_card("planted.burgers").architecture == "upinn"
assert checkpoints.latest("nowhere") is None
try:
    checkpoints.load("planted.burger")
except checkpoints.CheckpointError:
    pass
heavy = {"numpy", "jax", "jaxlib", "orbax", "flax", "tensorstore", "physics", "symbolic", "zoo"}
assert not set(sys.modules) & heavy, set(sys.modules) & heavy
print(cost)
"""
    here = str(Path(checkpoints.__file__).parents[1])
    code = f"import sys; sys.path.insert(0, {here!r})\n{code}"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 0.05


def test_functions_are_not_hidden_by_their_modules():
    code = """
import checkpoints.transfer, checkpoints.store
from checkpoints.transfer import transfer
assert checkpoints.transfer is transfer and callable(checkpoints.transfer)
from checkpoints import transfer as again
assert again is transfer
assert all(callable(getattr(checkpoints, name)) for name in checkpoints.__all__)
assert set(checkpoints.__all__) <= set(dir(checkpoints))
assert not hasattr(checkpoints, "torch")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
