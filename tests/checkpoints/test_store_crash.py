"""Whatever happens while saving, the old checkpoint or the new one is there, whole."""

import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

import numpy as np
import pytest

import checkpoints
from checkpoints import CheckpointError, arrays, folder

OLD, NEW = {"x": np.zeros(3)}, {"x": np.ones(3), "more": np.ones((2, 2), np.float32)}


def counted(monkeypatch, name, failure, after=False, at=0):
    """Let our `at`-th call of os.<name> fail, before or after it did its work; count the calls."""
    real, calls = getattr(os, name), []

    def call(*args, **kwargs):
        stack = traceback.extract_stack(limit=5)
        if not any(frame.filename == folder.__file__ for frame in stack):
            return real(*args, **kwargs)  # one of Orbax's threads, which no Ctrl-C ever reaches
        calls.append(args)
        if len(calls) - 1 == at:
            if after:
                real(*args, **kwargs)
            raise failure
        return real(*args, **kwargs)

    monkeypatch.setattr(os, name, call)
    return calls


def old_or_new(path, identical):
    found = checkpoints.load(path)[0]
    identical(found, OLD if "more" not in found else NEW)
    return "old" if "more" not in found else "new"


@pytest.mark.parametrize("failure", [OSError(errno.EIO, "I/O error"), KeyboardInterrupt()])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("name", ["rename", "mkdir", "fsync"])
def test_interrupted_overwrite(name, after, failure, card, tmp_path, identical):
    checkpoints.save(tmp_path / "old", OLD, card)
    kind, seen = "refused" if isinstance(failure, OSError) else "interrupted", set()
    for at in range(3) if name != "fsync" else (0, 9, 13):
        place = tmp_path / str(at)
        shutil.copytree(tmp_path / "old", place / "c")
        with pytest.MonkeyPatch.context() as patch:
            calls = counted(patch, name, failure, after, at)
            try:
                checkpoints.save(place / "c", NEW, card, overwrite=True)
                outcome = "saved"
            except CheckpointError as error:
                assert "I/O error" in str(error) and "\n" not in str(error)
                outcome = "refused"
            except KeyboardInterrupt:
                outcome = "interrupted"
        assert calls
        kept = old_or_new(place / "c", identical)
        assert outcome != "saved" or kept == "new"
        assert outcome != "refused" or kept == "old" or after
        # Only what was already set aside for deletion may be left, and the next save sweeps it.
        assert set(os.listdir(place)) == {"c"} or kept == "new"
        seen.add((outcome, kept))
    assert (kind, "old") in seen


def test_real_ctrl_c_at_any_moment(card, tmp_path, identical):
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    seen = set()
    try:
        checkpoints.save(tmp_path / "c", OLD, card)
        for moment in (0.0, 0.01, 0.02, 0.04, 0.07, 0.1):
            thread = threading.Timer(moment, os.kill, (os.getpid(), signal.SIGINT))
            outcome = "saved"
            with pytest.raises(KeyboardInterrupt):
                thread.start()
                checkpoints.save(tmp_path / "c", NEW, card, overwrite=True)
                outcome = "late"
                time.sleep(5)
            seen.add((outcome, old_or_new(tmp_path / "c", identical)))
            assert os.listdir(tmp_path) == ["c"]
    finally:
        signal.signal(signal.SIGINT, handler)
    assert len(seen) > 0


@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_interrupted_first_save_leaves_nothing(failure, card, tmp_path, monkeypatch):
    def fail(*args):
        (args[0] / "half").mkdir(parents=True)
        raise failure

    monkeypatch.setattr(arrays, "write", fail)
    with pytest.raises((CheckpointError, KeyboardInterrupt)):
        checkpoints.save(tmp_path / "c", NEW, card)
    assert os.listdir(tmp_path) == []


CHILD = """
import os, pathlib, sys
from checkpoints import folder
target, name, at = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
real, calls = getattr(os, name), []
def call(*args, **kwargs):
    calls.append(args)
    if len(calls) - 1 == at:
        os._exit(9)  # as SIGKILL: no handlers, no cleaning up
    return real(*args, **kwargs)
setattr(os, name, call)
staged = folder.stage(target, "card.json", overwrite=True)
(staged / "card.json").write_text("new")
folder.commit(staged, target, overwrite=True)
os._exit(0)
"""


@pytest.mark.parametrize(
    "name, at", [("mkdir", 1), ("fsync", 0), ("rename", 0), ("rename", 1), ("rename", 2)]
)
def test_killed_process(name, at, tmp_path):
    target = tmp_path / "c"
    target.mkdir()
    (target / "card.json").write_text("old")
    child = subprocess.run([sys.executable, "-c", CHILD, target, name, str(at)], cwd=Path.cwd())
    assert child.returncode == 9
    expected = "new" if (name, at) == ("rename", 2) else "old"
    assert (folder.settled(target) / "card.json").read_text() == expected
    staged = folder.stage(target, "card.json", overwrite=True)
    assert (target / "card.json").read_text() == expected  # put back, leftovers swept
    (staged / "card.json").write_text("newer")
    folder.commit(staged, target, overwrite=True)
    assert (target / "card.json").read_text() == "newer"
    assert os.listdir(tmp_path) == ["c"]


def test_killed_between_the_renames_still_loads(card, tmp_path, identical):
    checkpoints.save(tmp_path / "c", OLD, card)
    os.rename(tmp_path / "c", tmp_path / ".c.old")
    identical(checkpoints.load(tmp_path / "c")[0], OLD)
    with pytest.raises(CheckpointError, match="overwrite=True"):
        checkpoints.save(tmp_path / "c", NEW, card)
    identical(checkpoints.load(tmp_path / "c")[0], OLD)


def test_something_appears_while_saving(card, tmp_path, monkeypatch):
    real = arrays.write

    def write(staged, held):
        real(staged, held)
        (tmp_path / "c").mkdir()
        (tmp_path / "c" / "theirs").write_text("x")

    monkeypatch.setattr(arrays, "write", write)
    with pytest.raises(CheckpointError, match="meanwhile"):
        checkpoints.save(tmp_path / "c", NEW, card)
    assert os.listdir(tmp_path) == ["c"] and os.listdir(tmp_path / "c") == ["theirs"]


def test_disk_error_while_orbax_writes(card, tmp_path, identical, capfd):
    checkpoints.save(tmp_path / "c", OLD, card)
    big = {"x": np.random.default_rng(0).standard_normal((200, 200))}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # writes beyond fail with EFBIG
    try:
        with pytest.raises(CheckpointError, match="cannot write.*File too large") as error:
            checkpoints.save(tmp_path / "c", big, card, overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(str(error.value)) < 300 and "\n" not in str(error.value)
    assert "Traceback" not in capfd.readouterr().err
    identical(checkpoints.load(tmp_path / "c")[0], OLD)
    assert os.listdir(tmp_path) == ["c"]


@pytest.mark.parametrize(
    "number, words",
    [(errno.EROFS, "read-only"), (errno.EACCES, "permission"), (errno.ENOSPC, "disk is full")],
)
def test_place_that_cannot_be_written(number, words, card, tmp_path, monkeypatch, identical):
    checkpoints.save(tmp_path / "c", OLD, card)
    counted(monkeypatch, "mkdir", OSError(number, os.strerror(number)), at=1)
    with pytest.raises(CheckpointError, match=words):
        checkpoints.save(tmp_path / "d", NEW, card)
    counted(monkeypatch, "replace", OSError(number, os.strerror(number)))
    with pytest.raises(CheckpointError, match=words):
        checkpoints.annotate(tmp_path / "c", steps=2)
    identical(checkpoints.load(tmp_path / "c")[0], OLD)
    assert sorted(os.listdir(tmp_path)) == ["c"]


def test_path_below_a_file(card, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match="file"):
        checkpoints.save(tmp_path / "file" / "c", NEW, card)
    with pytest.raises(CheckpointError, match="no path"):
        checkpoints.save("bad\0name", NEW, card)
    with pytest.raises(CheckpointError, match="too long"):
        checkpoints.save(tmp_path / ("n" * 300), NEW, card)


def test_loads_from_a_read_only_folder(card, tmp_path, identical, listing):
    checkpoints.save(tmp_path / "c", OLD, card)
    checkpoints.load(tmp_path / "c")  # imports what is needed while that is still allowed
    before = listing(tmp_path)
    root = os.geteuid() == 0
    try:
        for path in [tmp_path / "c", *(tmp_path / "c").rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        if root:  # whom no permission stops: become nobody
            for parent in [tmp_path, *tmp_path.parents]:
                if "pytest-of" in str(parent):
                    parent.chmod(0o755)
            os.seteuid(65534)
        with pytest.raises(OSError):
            (tmp_path / "c" / "new").touch()
        identical(checkpoints.load(tmp_path / "c")[0], OLD)
        with pytest.raises(CheckpointError, match="permission"):
            checkpoints.annotate(tmp_path / "c", steps=2)
        with pytest.raises(CheckpointError, match="permission"):
            checkpoints.save(tmp_path / "c" / "inner", NEW, card)
    finally:
        if root:
            os.seteuid(0)
        for path in [tmp_path / "c", *(tmp_path / "c").rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
    assert listing(tmp_path) == before
