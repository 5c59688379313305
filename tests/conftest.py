"""What all tests share: the CPU, a compilation cache, and a third of the catalogue by commit.

A test that takes the argument `catalogue_name` runs once for every system of the catalogue: a third
of them, chosen by the commit, in the default run, the others under the marker `slow`.
"""

import gc
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[1]
THIRDS = 3

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("MPLBACKEND", "agg")
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(ROOT / ".cache" / "jax"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("EQX_ON_ERROR", "nan")  # programs with host callbacks are not cached
os.environ.setdefault(
    "TF_CPP_MIN_LOG_LEVEL", "3"
)  # XLA logs what it reads from the cache as errors

MAPPINGS = 30_000  # of memory; Linux allows a process 65 530, and a compiled program takes several

settings.register_profile("zoo", deadline=None, print_blob=True)
settings.load_profile("zoo")


def commit() -> str:
    """The commit that the working tree stands on; zeros outside a git checkout."""
    command = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except OSError:
        return "0" * 40
    return found.stdout.strip() if found.returncode == 0 else "0" * 40


def catalogue_sample(names: list[str]) -> list:
    """`names` as test parameters: one in three bare, chosen by the commit, the others slow."""
    turn = int(commit()[:8], 16) % THIRDS
    return [
        name if index % THIRDS == turn else pytest.param(name, marks=pytest.mark.slow)
        for index, name in enumerate(sorted(names))
    ]


def pytest_generate_tests(metafunc):
    if "catalogue_name" in metafunc.fixturenames:
        import physics

        metafunc.parametrize("catalogue_name", catalogue_sample(physics.list_systems()))


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="module", autouse=True)
def room_for_programs():
    """Compiled programs are let go before they fill the process's table of mappings."""
    yield
    table = Path("/proc/self/maps")
    if table.exists() and table.read_bytes().count(b"\n") > MAPPINGS:
        import jax

        jax.clear_caches()
        gc.collect()
