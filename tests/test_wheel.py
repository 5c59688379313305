"""The wheel as a stranger gets it: what is in it, and that it works elsewhere, offline."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("physics", "symbolic", "zoo", "checkpoints")
OFFLINE = """\
import socket

def refuse(*_, **__):
    raise OSError("the test has no network")

socket.socket.connect = socket.socket.connect_ex = refuse
socket.getaddrinfo = socket.create_connection = refuse
"""


def run(*command, **options) -> str:
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, **options
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory) -> Path:
    """An interpreter that sees the wheel and its dependencies, but neither checkout nor network."""
    home = tmp_path_factory.mktemp("elsewhere") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", home)
    python = home / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    run(*pip, "install", "--no-deps", "--no-index", "--quiet", wheel)
    (site,) = (home / "lib").glob("python*/site-packages")
    (site / "no_network.py").write_text(OFFLINE)
    here = sysconfig.get_paths()
    dependencies = dict.fromkeys([here["purelib"], here["platlib"]])
    (site / "dependencies.pth").write_text("\n".join([*dependencies, "import no_network\n"]))
    return python


def elsewhere(python: Path, *command, **options) -> str:
    """Run in a folder of its own, with a bare environment and proxies that lead nowhere."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "JAX_PLATFORMS", "LANG")}
    nowhere = {f"{name}_proxy": "http://127.0.0.1:9" for name in ("http", "https", "all")}
    cache = {k: v for k, v in os.environ.items() if k.startswith("JAX_")}
    folder = python.parents[2] / "work"
    folder.mkdir(exist_ok=True)
    return run(*command, cwd=folder, env=kept | nowhere | cache | {"HOME": str(folder)}, **options)


def test_contents(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for package in PACKAGES:
        sources = (ROOT / package).rglob("*.py")
        assert {path.relative_to(ROOT).as_posix() for path in sources} <= names
    for folder in ("physics/data/records", "checkpoints/weights"):
        shipped = [p for p in (ROOT / folder).rglob("*") if p.is_file()]
        assert shipped
        assert {path.relative_to(ROOT).as_posix() for path in shipped} <= names
    tops = {name.split("/")[0] for name in names}
    assert tops - set(PACKAGES) == {t for t in tops if t.endswith(".dist-info")}
    unwanted = ("tests/", "/test_", "__pycache__", ".pyc", "conftest")
    assert not [name for name in names if any(part in name for part in unwanted)]
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert any(name.startswith("checkpoints/weights/upinn.lotka-volterra/") for name in names)


def test_size(wheel):
    assert wheel.stat().st_size < 20_000_000


def test_runs_from_the_wheel_alone(python):
    names = ", ".join(PACKAGES)
    script = f"import {names}; print(*(p.__file__ for p in ({names})))"
    for place in elsewhere(python, python, "-c", script).split():
        assert Path(place).is_relative_to(python.parents[1])


def test_network_is_blocked(python):
    script = "import urllib.request as web; web.urlopen('https://example.org', timeout=9)"
    with pytest.raises(AssertionError, match="the test has no network"):
        elsewhere(python, python, "-c", script)


def test_commands(python):
    command = python.with_name("zoo")
    assert "upinn.lotka-volterra" in elsewhere(python, command, "list")
    assert "hare" in elsewhere(
        python, python, "-c", "import physics; print(*physics.load('hudson-bay'))"
    )
    verified = elsewhere(python, command, "verify", "upinn.lotka-volterra")
    assert "verified" in verified and "DIFFERS" not in verified
