"""A damaged checkpoint is an error in one sentence, or it is not damaged where it counts."""

import json
import os
import shutil

import numpy as np
import pytest

import checkpoints
from checkpoints import CheckpointError, arrays
from checkpoints.fingerprint import fingerprints
from checkpoints.sealed import seal


@pytest.fixture
def saved(state, card, tmp_path):
    state["big"] = np.random.default_rng(1).standard_normal((64, 64)).astype(np.float32)
    checkpoints.save(tmp_path / "c", state, card)
    return tmp_path / "c"


def files(folder):
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def refused(folder, match="."):
    with pytest.raises(CheckpointError, match=match) as error:
        checkpoints.load(folder)
    assert "\n" not in str(error.value) and len(str(error.value)) < 400
    assert str(folder) in str(error.value)


def edit(folder, **changes):
    """Change the card and forge its seal."""
    document = json.loads((folder / "card.json").read_text())
    del document["seal"]
    (folder / "card.json").write_text(seal({**document, **changes}))


def test_any_flipped_bit_in_any_file_is_noticed(saved, capfd):
    rng = np.random.default_rng(0)
    for path in files(saved):
        data = path.read_bytes()
        for _ in range(20 if data else 0):
            damaged = bytearray(data)
            damaged[rng.integers(len(data))] ^= 1 << rng.integers(8)
            path.write_bytes(damaged)
            refused(saved)
        path.write_bytes(data)
    checkpoints.load(saved)
    assert capfd.readouterr().err == ""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_orbax_alone_is_stopped_by_the_array_hash(saved, state, identical):
    """The second line of defence: the hashes of the files are forged too."""
    rng = np.random.default_rng(0)
    card = json.loads((saved / "card.json").read_text())
    outcomes = set()
    for path in files(saved / "state"):
        data = path.read_bytes()
        for _ in range(6 if data else 0):
            damaged = bytearray(data)
            damaged[rng.integers(len(data))] ^= 1 << rng.integers(8)
            path.write_bytes(damaged)
            edit(saved, files={k: v for k, v in fingerprints(saved).items() if k != "card.json"})
            try:
                identical(checkpoints.load(saved)[0], state)
                outcomes.add("harmless")
            except CheckpointError as error:
                outcomes.add("decodes to other" if "decodes to other" in str(error) else "decoder")
        path.write_bytes(data)
        edit(saved, files=card["files"])
    assert outcomes >= {"harmless", "decoder"}


def test_any_file_cut_short_or_missing_is_noticed(saved):
    for path in files(saved):
        data = path.read_bytes()
        for length in {0, len(data) // 2, len(data) - 2}:  # the last of a card is a newline
            if data:
                path.write_bytes(data[:length])
                refused(saved, "copy the folder again")
        path.unlink()
        refused(saved, "card.json" if path.name == "card.json" else "missing")
        path.write_bytes(data)
    checkpoints.load(saved)


def test_missing_state(saved):
    shutil.rmtree(saved / "state")
    refused(saved, "missing; copy the folder again")


def test_extra_files_do_no_harm(saved, state, identical):
    (saved / ".DS_Store").write_text("finder was here")
    (saved / "state" / "notes.txt").write_text("mine")
    identical(checkpoints.load(saved)[0], state)


def test_hand_edited_card(saved):
    text = (saved / "card.json").read_text()
    (saved / "card.json").write_text(text.replace('"width": 8', '"width": 9'))
    refused(saved, "edited by hand.*annotate")
    with pytest.raises(CheckpointError, match="edited by hand"):
        checkpoints.read_card(saved)


@pytest.mark.parametrize("field, wrong", [("dtype", "float64"), ("dtype", "O"), ("shape", [8, 3])])
def test_card_and_arrays_disagree(saved, field, wrong):
    listed = json.loads((saved / "card.json").read_text())["arrays"]
    listed["params/layers/0/kernel"][field] = wrong
    edit(saved, arrays=listed)
    refused(saved)


def test_card_lists_other_arrays(saved):
    listed = json.loads((saved / "card.json").read_text())["arrays"]
    edit(saved, arrays={path: entry for path, entry in listed.items() if path != "big"})
    refused(saved)
    edit(saved, arrays={**listed, "more": {"shape": [2], "dtype": "float32"}})
    refused(saved)
    edit(saved, arrays={**listed, "huge": {"shape": [10**15], "dtype": "float32"}})
    refused(saved)


def test_state_of_another_checkpoint(saved, state, card, tmp_path):
    state["params"]["layers"][0]["kernel"] += 1
    other = tmp_path / "other"
    checkpoints.save(other, state, card)
    shutil.rmtree(saved / "state")
    shutil.copytree(other / "state", saved / "state")
    refused(saved)
    edit(saved, files=checkpoints.read_card(other).files)
    refused(saved, "decodes to other arrays")


def test_strangers(tmp_path, card):
    (tmp_path / "model.pt").write_bytes(b"PK\x03\x04 torch zip")
    refused(tmp_path / "model.pt", "is a file.*PyTorch")
    refused(tmp_path / "nowhere", "no folder")
    refused(tmp_path / "model.pt" / "inside", "no folder")
    (tmp_path / "photos").mkdir()
    refused(tmp_path / "photos", "no checkpoint")
    arrays.write(tmp_path / "orbax", {"a": np.ones(2)})
    refused(tmp_path / "orbax", "bare Orbax")
    checkpoints.save_run(tmp_path / "run", 3, {"a": np.ones(2)}, {})
    refused(tmp_path / "run", "load_run")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "card.json").write_text('{"name": "of a playing card"}')
    refused(tmp_path / "foreign", "no seal")
    (tmp_path / "dir" / "card.json").mkdir(parents=True)
    refused(tmp_path / "dir", "cannot be read")
    (tmp_path / "unsaved").mkdir()
    (tmp_path / "unsaved" / "card.json").write_text(card.to_json())
    refused(tmp_path / "unsaved", "never saved")


def test_unreadable_file(saved, monkeypatch):
    if os.geteuid() != 0:
        files(saved)[-1].chmod(0)
        refused(saved, "cannot be read")
        return
    name = files(saved)[-1].name
    real = open

    def refusing(path, *args, **kwargs):
        if str(path).endswith(name):
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **kwargs)

    monkeypatch.setattr("builtins.open", refusing)
    refused(saved, "cannot be read")
