"""What all tests share: the CPU, a compilation cache, and tests that take turns.

A test that takes the argument `catalogue_name` runs once for every system of the catalogue. A third
of these and of the long tests marked `turns`, chosen by the commit, is in the default run; the
others are `slow`.
"""

import gc
import os
import subprocess
from collections import defaultdict
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


def pytest_generate_tests(metafunc):
    if "catalogue_name" in metafunc.fixturenames:
        import physics

        metafunc.parametrize("catalogue_name", sorted(physics.list_systems()))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Of the tests that take turns, all but those of this commit's turn are slow."""
    turn, waiting = int(commit()[:8], 16) % THIRDS, defaultdict(list)
    for item in items:
        if "catalogue_name" in getattr(item, "fixturenames", ()):
            waiting[item.nodeid.partition("[")[0]].append(item)
        elif item.get_closest_marker("turns"):
            waiting["turns"].append(item)
    for together in waiting.values():
        for index, item in enumerate(sorted(together, key=lambda i: i.nodeid)):
            if index % THIRDS != turn:
                item.add_marker(pytest.mark.slow)


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
