"""Pipes, full disks, Ctrl-C and speed of the command line."""

import json
import shlex
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .commands import outside


def test_a_closed_pipe_is_silent():
    command = f"{shlex.quote(sys.executable)} -m zoo systems | head -c 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert (len(done.stdout), done.stderr) == (1, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_sentence():
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "zoo", "systems"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert "No space left" in done.stderr and len(done.stderr.splitlines()) == 1


def test_ctrl_c_saves_the_run_and_says_how_to_go_on(tmp_path):
    known = ("--known", "hare' = 0.55*hare; lynx' = -0.8*lynx")
    words = ("finetune", "upinn.lotka-volterra", "hudson-bay", *known)
    run, steps = tmp_path / "a run", "1000000"
    command = [sys.executable, "-m", "zoo", *words, "--steps", steps, "-o", str(run)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    metrics = run / "metrics.jsonl"
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if metrics.exists() and metrics.read_text().count("\n") >= 2:
            break
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    last = err.strip().splitlines()[-1]
    stopped = json.loads(metrics.read_text().splitlines()[-1])["step"]
    assert "Traceback" not in err and str(stopped) in last and "--resume" in last
    resume = last[last.index("zoo finetune") :].replace(steps, str(stopped + 5))
    done = outside(*shlex.split(resume)[1:])
    assert done.returncode == 0, done.stderr
    found = [json.loads(line)["step"] for line in metrics.read_text().splitlines()]
    assert found == sorted(set(found)) and found[-1] == stopped + 5
    assert (run / "checkpoint" / "card.json").exists()


@pytest.mark.parametrize("seconds", [1.0, 2.5, 4.0])
def test_an_early_ctrl_c_ends_in_one_sentence(tmp_path, seconds):
    command = [sys.executable, "-m", "zoo", "train", "upinn.lotka-volterra", "-o", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (1, -signal.SIGINT) and "Fatal" not in err


SWALLOWED = """
import gc, os, signal, sys, threading
from zoo.cli import entry
def work(words):
    asked = []
    gc.callbacks.append(lambda *_: asked or (asked.append(1), os.kill(os.getpid(), signal.SIGINT)))
    gc.collect()
    gc.callbacks.clear()
    threading.Event().wait(30)
    return 0
entry._invoke = work
sys.exit(entry.main(["list"]))
"""


def test_ctrl_c_in_a_callback_that_drops_it_still_stops():
    begun = time.monotonic()
    done = subprocess.run([sys.executable, "-c", SWALLOWED], capture_output=True, text=True)
    assert time.monotonic() - begun < 20
    assert done.returncode == 1 and "stopped by Ctrl-C" in done.stderr
    assert "Traceback" not in done.stderr


def test_small_things_are_fast():
    """`import zoo` and `zoo list` take at most 2.5 times as long as `import jax`."""
    commands = {
        "jax": ["-c", "import jax"],
        "zoo": ["-c", "import zoo"],
        "list": ["-m", "zoo", "list"],
    }
    seconds = {name: [] for name in commands}
    for _ in range(5):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
            seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    assert medians["zoo"] <= 2.5 * medians["jax"], medians
    assert medians["list"] <= 2.5 * medians["jax"], medians
