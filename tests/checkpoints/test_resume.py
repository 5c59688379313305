import errno
import os
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import checkpoints
from checkpoints import CheckpointError, arrays


def bits(tree):
    def one(leaf):
        if hasattr(leaf, "dtype") and jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            leaf = jax.random.key_data(leaf)
        array = np.asarray(leaf)
        return array.dtype, array.shape, array.tobytes()

    return jax.tree.map(one, tree)


def make_training():
    """A small but whole run: Adam with schedule and clipping, EMA, statistics, typed keys."""
    optimiser = optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.adam(optax.cosine_decay_schedule(1e-2, 100)),
    )

    def start(seed):
        key = jax.random.key(seed)
        params = {
            "layers": [
                {"w": jax.random.normal(key, (4, 8)), "b": jnp.zeros(8)},
                {"w": jax.random.normal(key, (8, 1)), "b": jnp.zeros(1)},
            ]
        }
        return {
            "params": params,
            "optimiser": optimiser.init(params),
            "ema": jax.tree.map(jnp.copy, params),
            "statistics": {"mean": np.zeros(4), "count": 0},
            "decay": jnp.asarray(0.9),  # a weak type
            "key": key,
            "keys": jax.random.split(key, 3),
        }

    def loss(params, x):
        hidden = jnp.tanh(x @ params["layers"][0]["w"] + params["layers"][0]["b"])
        return jnp.mean((hidden @ params["layers"][1]["w"] - x[:, :1] ** 2) ** 2)

    @jax.jit
    def update(params, state, ema, decay, key):
        key, here = jax.random.split(key)
        value, slope = jax.value_and_grad(loss)(params, jax.random.normal(here, (16, 4)))
        change, state = optimiser.update(slope, state, params)
        params = optax.apply_updates(params, change)
        ema = jax.tree.map(lambda e, p: decay * e + (1 - decay) * p, ema, params)
        return params, state, ema, key, value

    def step(run):
        params, state, ema, key, _ = update(
            run["params"], run["optimiser"], run["ema"], run["decay"], run["key"]
        )
        count = run["statistics"]["count"] + 1
        mean = run["statistics"]["mean"] + np.pi / count
        return run | {
            "params": params,
            "optimiser": state,
            "ema": ema,
            "key": key,
            "statistics": {"mean": mean, "count": count},
        }

    return start, step


def test_resumed_run_is_bit_identical(tmp_path):
    start, step = make_training()
    run = start(0)
    for _ in range(3):
        run = step(run)
    checkpoints.save_run(tmp_path / "run", 3, run, {"seed": 0, "loss": [0.5]})
    for _ in range(3):
        run = step(run)

    number, resumed, meta = checkpoints.load_run(tmp_path / "run", start(1))
    assert (number, meta) == (3, {"seed": 0, "loss": [0.5]})
    assert type(resumed["optimiser"]) is type(run["optimiser"])
    assert resumed["decay"].weak_type and type(resumed["statistics"]["count"]) is int
    assert isinstance(resumed["params"]["layers"][0]["w"], jax.Array)
    assert type(resumed["statistics"]["mean"]) is np.ndarray
    for _ in range(3):
        resumed = step(resumed)
    assert bits(resumed) == bits(run)


def test_abstract_targets_and_single_leaves(tmp_path):
    tree = {"w": jnp.arange(3.0), "key": jax.random.key(1, impl="rbg"), "n": 2**62, "on": True}
    checkpoints.save_run(tmp_path, 0, tree, {})
    abstract = jax.eval_shape(lambda: {"w": jnp.zeros(3), "key": jax.random.key(0, impl="rbg")})
    _, found, _ = checkpoints.load_run(tmp_path, abstract | {"n": 0, "on": False})
    assert bits(found) == bits(tree) and type(found["w"]) is np.ndarray
    assert found["on"] is True and found["n"] == 2**62

    checkpoints.save_run(tmp_path / "leaf", 1, np.array([1.5, np.pi]), {})
    assert bits(checkpoints.load_run(tmp_path / "leaf", np.zeros(2))[1]) == bits(
        np.array([1.5, np.pi])
    )


def test_float64_without_x64(tmp_path):
    with jax.enable_x64(False):
        tree = {"x": np.array([np.pi]), "n": np.array([2**40])}
        checkpoints.save_run(tmp_path, 1, tree, {})
        assert bits(checkpoints.load_run(tmp_path, tree)[1]) == bits(tree)


def test_keeps_the_newest(tmp_path):
    for step in (1, 5, 20, 100):
        checkpoints.save_run(tmp_path, step, {"x": np.full(2, step)}, {})
        assert checkpoints.latest(tmp_path) == step
    assert sorted(os.listdir(tmp_path)) == ["step-0000000020", "step-0000000100"]
    checkpoints.save_run(tmp_path, 100, {"x": np.full(2, -1)}, {}, keep=1)
    assert os.listdir(tmp_path) == ["step-0000000100"]
    assert checkpoints.load_run(tmp_path, {"x": np.zeros(2, int)})[1]["x"].tolist() == [-1, -1]


def test_going_back_is_refused(tmp_path):
    checkpoints.save_run(tmp_path, 100, {"x": np.ones(2)}, {})
    with pytest.raises(CheckpointError, match="already has step 100.*new folder"):
        checkpoints.save_run(tmp_path, 10, {"x": np.ones(2)}, {})
    for step, keep in ((-1, 2), (1.5, 2), (True, 2), (200, 0)):
        with pytest.raises(CheckpointError):
            checkpoints.save_run(tmp_path, step, {"x": np.ones(2)}, {}, keep=keep)
    assert checkpoints.latest(tmp_path) == 100


@pytest.mark.parametrize(
    "target, words",
    [
        ({"x": np.zeros(3)}, r"2 leaves, the target 1.*\"n\" was saved but is not wanted"),
        ({"x": np.zeros(3), "n": 0, "y": 1}, r'"y" is wanted but was not saved'),
        (
            {"x": np.zeros(4), "n": 0},
            r'"x" was saved as float64\(3,\), the target has float64\(4,\)',
        ),
        ({"x": np.zeros(3, "f4"), "n": 0}, r"saved as float64\(3,\), the target has float32"),
        ({"x": np.zeros(3), "n": 0.0}, r"int64\(\) \(int\), the target has float64\(\) \(float\)"),
        ({"x": jax.random.key(0), "n": 0}, "uint32"),
        ([np.zeros(3), 0], "not wanted.*wanted"),
    ],
)
def test_another_target_is_refused(target, words, tmp_path):
    checkpoints.save_run(tmp_path, 1, {"x": np.ones(3), "n": 4}, {})
    with pytest.raises(CheckpointError, match=words) as error:
        checkpoints.load_run(tmp_path, target)
    assert "use the model, optimiser and options of the saved run" in str(error.value)


@pytest.mark.parametrize("leaf", ["text", np.array(["text"]), object(), 2**70])
def test_leaves_that_cannot_be_kept(leaf, tmp_path):
    with pytest.raises(CheckpointError):
        checkpoints.save_run(tmp_path / "run", 1, {"x": np.ones(2), "y": leaf}, {})
    with pytest.raises(CheckpointError, match="meta"):
        checkpoints.save_run(tmp_path / "run", 1, {"x": np.ones(2)}, {"loss": float("nan")})
    assert not (tmp_path / "run").exists()


def test_damage_is_noticed_and_the_way_back_is_named(tmp_path):
    target = {"x": np.zeros((8, 8))}
    for step in (1, 2):
        checkpoints.save_run(tmp_path, step, {"x": np.full((8, 8), step)}, {})
        target = {"x": np.zeros((8, 8), int)}
    newest = tmp_path / "step-0000000002"
    for path in [path for path in newest.rglob("*") if path.is_file() and path.stat().st_size]:
        data = path.read_bytes()
        for damaged in (data[:-2], data[:5] + bytes([data[5] ^ 4]) + data[6:], None):
            if damaged is None and path.name == "run.json":
                continue  # without it, it is no snapshot at all
            path.unlink() if damaged is None else path.write_bytes(damaged)
            with pytest.raises(CheckpointError, match="delete that folder to go on from step 1"):
                checkpoints.load_run(tmp_path, target)
            path.write_bytes(data)
    shutil.rmtree(newest)
    assert checkpoints.load_run(tmp_path, target)[0] == 1


def test_no_run_there(tmp_path, card):
    assert checkpoints.latest(tmp_path / "none") is None
    with pytest.raises(CheckpointError, match="no run folder"):
        checkpoints.load_run(tmp_path / "none", {})
    with pytest.raises(CheckpointError, match="no saved step"):
        checkpoints.load_run(tmp_path, {})
    checkpoints.save(tmp_path / "c", {"x": np.ones(2)}, card)
    with pytest.raises(CheckpointError, match=r"checkpoints\.load$"):
        checkpoints.load_run(tmp_path / "c", {})


@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_failed_save_keeps_the_last(failure, tmp_path, monkeypatch):
    checkpoints.save_run(tmp_path, 1, {"x": np.ones(2)}, {})

    def fail(folder, held):
        (folder / "half").mkdir(parents=True)
        raise failure

    monkeypatch.setattr(arrays, "write", fail)
    for step in (1, 2):
        with pytest.raises((CheckpointError, KeyboardInterrupt)):
            checkpoints.save_run(tmp_path, step, {"x": np.zeros(2)}, {})
    assert os.listdir(tmp_path) == ["step-0000000001"]
    assert checkpoints.load_run(tmp_path, {"x": np.zeros(2)})[1]["x"].tolist() == [1, 1]


def test_snapshot_set_aside_by_a_killed_process_counts(tmp_path):
    checkpoints.save_run(tmp_path, 7, {"x": np.ones(2)}, {})
    os.rename(tmp_path / "step-0000000007", tmp_path / ".step-0000000007.old")
    assert checkpoints.latest(tmp_path) == 7
    assert checkpoints.load_run(tmp_path, {"x": np.zeros(2)})[0] == 7
    for step in (8, 9):
        checkpoints.save_run(tmp_path, step, {"x": np.ones(2)}, {})
    assert sorted(os.listdir(tmp_path)) == ["step-0000000008", "step-0000000009"]
