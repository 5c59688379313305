"""The training loop: exact resume, Ctrl-C, logs, failures, schedules."""

import json
import os
import signal
import subprocess
import sys
import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import checkpoints
from physics.failures import FailedRun
from zoo.training import loop
from zoo.training.fixed import FullBatch
from zoo.training.schedule import Schedule
from zoo.training.updates import optax_update


def loss(params, batch, key):
    """A noisy quadratic: the key matters, so a wrong key shows after a resume."""
    noise = 0.1 * jax.random.normal(key, params["w"].shape)
    return ((params["w"] - batch + noise) ** 2).sum(), {"size": jnp.abs(params["w"]).max()}


def start(schedule):
    return optax_update(loss, {"w": jnp.zeros(4)}, schedule)


def train(folder, steps, resume=False, **changes):
    schedule = Schedule(steps=40, rate=0.05, chunk=5, save=10, ema=0.9, **changes)
    first, update = start(schedule)
    shorter = Schedule(**{**schedule.to_json(), "steps": steps})
    stream = FullBatch(jnp.arange(4.0))
    return loop.run(first, update, stream, shorter, folder=folder, resume=resume, progress=False)


def test_resumed_run_is_bit_identical(tmp_path):
    whole = train(tmp_path / "whole", 40)
    train(tmp_path / "parts", 20)
    resumed = train(tmp_path / "parts", 40, resume=True)
    for a, b in zip(jax.tree.leaves(whole), jax.tree.leaves(resumed), strict=True):
        assert np.array_equal(a, b)
    logs = [
        [{k: v for k, v in json.loads(line).items() if k != "seconds_per_step"} for line in text]
        for text in (
            (tmp_path / name / "metrics.jsonl").read_text().splitlines()
            for name in ("whole", "parts")
        )
    ]
    assert logs[0] == logs[1] and [r["step"] for r in logs[0]] == list(range(5, 41, 5))


def test_loss_falls_and_average_follows(tmp_path):
    state = train(None, 40)
    assert np.linalg.norm(state["params"]["w"] - np.arange(4.0)) < np.linalg.norm(np.arange(4.0))
    assert not np.array_equal(state["ema"]["w"], state["params"]["w"])


def test_run_folder_holds_config_versions_and_seed(tmp_path):
    train(tmp_path, 5)
    record = json.loads((tmp_path / "config.json").read_text())
    assert record["schedule"]["seed"] == 0 and {"jax", "python"} <= set(record["versions"])


def test_a_second_run_does_not_overwrite_the_first(tmp_path):
    train(tmp_path, 10)
    with pytest.raises(ValueError, match="holds a run; resume it"):
        train(tmp_path, 20)
    with pytest.raises(ValueError, match="finished run of 10 steps"):
        train(tmp_path, 10)


def test_a_run_is_resumed_as_it_was_begun_or_not_at_all(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    train("run", 10)
    assert jax.tree.leaves(train("run", 20, resume=True))  # a relative folder
    with pytest.raises(ValueError, match="another seed"):
        train("run", 30, resume=True, seed=1)
    with pytest.raises(ValueError, match="other data"):
        schedule = Schedule(steps=40, rate=0.05, ema=0.9)
        other = FullBatch(jnp.ones(4))
        loop.run(*start(schedule), other, schedule, folder="run", resume=True, progress=False)
    with pytest.raises(ValueError, match="holds no saved step"):
        train("empty", 10, resume=True)
    for damage in (lambda p: p.write_text("{"), lambda p: p.unlink()):
        damage(tmp_path / "run" / "config.json")
        with pytest.raises(ValueError, match="missing or damaged"):
            train("run", 30, resume=True)


def test_gradient_clipping_bounds_the_first_step():
    schedule = Schedule(steps=2, rate=1.0, clip=1e-3, chunk=1)
    first, update = optax_update(
        lambda p, b, k: ((1e6 * p["w"]).sum(), {}), {"w": jnp.zeros(2)}, schedule
    )
    _, metrics = update(first, None, jax.random.key(0))
    assert float(metrics["gradient"]) > 1e6


def test_non_finite_gradient_leaves_the_parameters_alone():
    schedule = Schedule(steps=2, chunk=1)
    first, update = optax_update(
        lambda p, b, k: (jnp.log(p["w"] - 1).sum(), {}), {"w": jnp.zeros(2)}, schedule
    )
    state, metrics = update(first, None, jax.random.key(0))
    assert float(metrics["skipped"]) == 1 and np.array_equal(state["params"]["w"], [0, 0])


def test_diverged_loss_is_a_failed_run():
    schedule = Schedule(steps=4, chunk=2)
    first, update = optax_update(
        lambda p, b, k: (p["w"].sum() / 0.0 * jnp.inf, {}), {"w": jnp.ones(2)}, schedule
    )
    with pytest.raises(FailedRun, match="not finite at step 2"):
        loop.run(first, update, FullBatch(jnp.zeros(1)), schedule, progress=False)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("stepz", 3, "nearest"),
        ("steps", "many", "is no whole number"),
        ("steps", 1.5, "is no whole number"),
        ("steps", 0, "from 1"),
        ("rate", -1, "rate > 0"),
    ],
)
def test_faulty_overrides(field, value, message):
    with pytest.raises(ValueError, match=message):
        Schedule().with_overrides({field: value})


SCRIPT = """
    import sys, time
    import jax.numpy as jnp
    from zoo.training import loop
    from zoo.training.fixed import FullBatch
    from zoo.training.schedule import Schedule
    from zoo.training.updates import optax_update
    schedule = Schedule(steps=100000, chunk=1, save=1000)
    loss = lambda p, b, k: ((p["w"] ** 2).sum(), {})
    first, update = optax_update(loss, {"w": jnp.ones(3)}, schedule)
    watch = lambda step, state: (print(step, flush=True) if step == 5 else None, time.sleep(0.01))
    try:
        loop.run(first, update, FullBatch(jnp.zeros(1)), schedule, folder=sys.argv[1],
                 progress=False, command="zoo train x --resume", watch=watch)
    except loop.Interrupted as stop:
        print(stop)
"""


def test_ctrl_c_saves_the_state_and_says_how_to_go_on(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), str(tmp_path / "run")],
        stdout=subprocess.PIPE, text=True, env=os.environ,
    )  # fmt: skip
    assert process.stdout.readline().strip() == "5"
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=120)
    step = checkpoints.latest(tmp_path / "run")
    assert step is not None and f"stopped at step {step}, state saved" in said
    assert "zoo train x --resume" in said
