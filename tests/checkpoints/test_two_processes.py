"""Two JAX processes on one machine: both call save, process 0 writes, each loads on its own."""

import socket
import subprocess
import sys
from pathlib import Path

WORKER = """
import sys
import jax
jax.config.update("jax_platforms", "cpu")
jax.distributed.initialize(sys.argv[1], 2, int(sys.argv[2]))
import numpy as np
from jax.sharding import AxisType, NamedSharding, PartitionSpec
import checkpoints
from checkpoints import Card, CheckpointError

folder, me = sys.argv[3], jax.process_index()
mesh = jax.make_mesh((2,), ("data",), axis_types=(AxisType.Auto,))
rows = NamedSharding(mesh, PartitionSpec("data"))
whole = NamedSharding(mesh, PartitionSpec())
full = np.arange(8, dtype=np.float32).reshape(4, 2)
place = lambda array, how: jax.make_array_from_callback(array.shape, how, lambda i: array[i])
state = {"rows": place(full, rows), "whole": place(full, whole), "host": np.array([np.pi])}
card = Card(name="a", architecture="b", config={})

saved = checkpoints.save(folder + "/c", state, card)
if me == 1:  # alone: no waiting for the other
    found, read = checkpoints.load(folder + "/c")
    assert read == saved and all(np.array_equal(found[k], full) for k in ("rows", "whole"))
    assert found["host"].dtype == np.float64 and found["host"][0] == np.pi
for path in (folder + "/c", "/proc/nowhere/c"):  # both learn of a failure on process 0
    try:
        checkpoints.save(path, state, card)
    except CheckpointError as error:
        assert "overwrite=True" in str(error) or "/proc" in str(error), str(error)
    else:
        raise AssertionError("saved")

keys = jax.jit(lambda: jax.random.split(jax.random.key(3), 4), out_shardings=rows)()
run = {"rows": state["rows"], "keys": keys, "step": 3}
checkpoints.save_run(folder + "/run", 3, run, {})
step, found, _ = checkpoints.load_run(folder + "/run", run)
assert step == 3 and found["rows"].sharding == rows and found["keys"].sharding == keys.sharding
same = jax.jit(lambda a, b: (a == b).all())
assert same(found["rows"], run["rows"])
assert same(jax.random.key_data(found["keys"]), jax.random.key_data(keys))
print("fine", me)
"""


def test_two_processes(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    (tmp_path / "worker.py").write_text(WORKER)
    workers = [
        subprocess.Popen(
            [sys.executable, tmp_path / "worker.py", address, str(number), tmp_path],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={"PYTHONPATH": str(Path.cwd()), "JAX_PLATFORMS": "cpu", "PATH": "/usr/bin:/bin"},
        )
        for number in range(2)
    ]
    try:
        texts = [worker.communicate(timeout=60)[0] for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    for number, (worker, text) in enumerate(zip(workers, texts, strict=True)):
        assert worker.returncode == 0 and f"fine {number}" in text, text
    assert sorted(p.name for p in tmp_path.iterdir()) == ["c", "run", "worker.py"]
