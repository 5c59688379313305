"""doctor: is this installation fit to be trusted with numbers?

Every check is run for real: the weights are read, a compiler fault that some jaxlib releases have
is provoked, files are written where files will be written.
"""

import os
import platform
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

DISTRIBUTION = "dynamics-zoo"
ENTRY_GROUPS = ("zoo.models", "zoo.recipes", "zoo.systems", "zoo.engines", "zoo.exporters")
FAULT = 1e-4
"""Relative error [-] beyond which a float32 sum counts as computed wrongly; rounding gives 1e-7."""


@dataclass(frozen=True)
class Finding:
    """One line of the diagnosis.

    state: "ok", "note" (something optional is missing) or "problem".   cure: what to do.
    """

    state: str
    what: str
    found: str
    cure: str = ""

    def __str__(self) -> str:
        line = f"{self.state:<8} {self.what:<20} {self.found}"
        return f"{line}; {self.cure}" if self.cure else line


@dataclass(frozen=True)
class Diagnosis:
    """What `doctor` found, one finding per line when printed."""

    findings: tuple[Finding, ...]

    @property
    def healthy(self) -> bool:
        """Whether no finding is a problem."""
        return all(finding.state != "problem" for finding in self.findings)

    def __str__(self) -> str:
        count = sum(finding.state == "problem" for finding in self.findings)
        verdict = f"{count} problem{'s' if count > 1 else ''}" if count else "all is well"
        return "\n".join([*map(str, self.findings), verdict])


def doctor() -> Diagnosis:
    """Check versions, devices, float64, the compiler, engines, checkpoints and the cache.

    A check that cannot be run is a problem too; nothing is raised.
    """
    findings: list[Finding] = []
    for name, check in CHECKS.items():
        try:
            findings += check()
        except Exception as error:  # a broken installation may fail anywhere
            first = (str(error).splitlines() or [""])[0]
            found = f"could not be checked: {type(error).__name__}: {first}"
            findings.append(Finding("problem", name, found, _REINSTALL))
    return Diagnosis(tuple(findings))


_REINSTALL = f"install again with pip install --force-reinstall {DISTRIBUTION}"


def miscompilation_error(seed: int = 0) -> float:
    """Relative error [-] of a jitted float32 multiply-reduce that jaxlib 0.10.2 gets wrong on CPU.

    Σᵢ uᵢ gᵢⱼ with u (3, 32, 32, 32) and g (3, 3, 32, 32, 32), against NumPy in float64.
    """
    import jax
    import numpy as np

    rng = np.random.default_rng(seed)
    u = rng.standard_normal((3, 32, 32, 32)).astype(np.float32)
    g = rng.standard_normal((3, 3, 32, 32, 32)).astype(np.float32)
    exact = (u[None].astype(np.float64) * g).sum(1)
    found = np.asarray(jax.jit(lambda u, g: (u[None] * g).sum(1))(u, g), np.float64)
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))


# -- the checks ----------------------------------------------------------------------------


def _versions() -> Iterator[Finding]:
    from packaging.requirements import Requirement

    yield Finding("ok", "python", platform.python_version())
    try:
        wanted = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        cure = "install it with pip install -e ."
        yield Finding("problem", DISTRIBUTION, "is not installed, only importable", cure)
        return
    yield Finding("ok", DISTRIBUTION, metadata.version(DISTRIBUTION))
    requirements = {r.name: r for r in map(Requirement, wanted) if r.marker is None}
    for name in [*requirements, "jaxlib"]:
        requirement = requirements.get(name)
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            cure = f'pip install "{requirement or name}"'
            yield Finding("problem", name, "is not installed", cure)
            continue
        if requirement and not requirement.specifier.contains(version, prereleases=True):
            cure = f'pip install "{requirement}"'
            yield Finding("problem", name, f"{version} does not fit", cure)
        else:
            yield Finding("ok", name, version)


def _devices() -> Iterator[Finding]:
    import jax

    devices = jax.devices()
    kinds = ", ".join(sorted({str(device.device_kind) for device in devices}))
    yield Finding("ok", "devices", f"{len(devices)} x {kinds}, {os.cpu_count()} CPU cores")


def _float64() -> Iterator[Finding]:
    import jax
    import jax.numpy as jnp

    with jax.enable_x64(True):
        step = float(jax.jit(lambda x: (x + 1e-12) - x)(jnp.ones(())))
    if abs(step - 1e-12) < 1e-15:
        yield Finding("ok", "float64", "computed in double precision")
    else:
        cure = "unset JAX_ENABLE_X64 and update jax"
        yield Finding("problem", "float64", "1 + 1e-12 is rounded to 1", cure)


def _compiler() -> Iterator[Finding]:
    error = miscompilation_error()
    found = f"relative error {error:.1e} in a float32 multiply-reduce"
    if error < FAULT:
        yield Finding("ok", "compiler", found)
    else:
        cure = 'this jaxlib computes wrongly: pip install "jax>=0.10,!=0.10.2"'
        yield Finding("problem", "compiler", found, cure)


def _engines() -> Iterator[Finding]:
    """Every engine has to find f = 0.5 - 0.9 x y in 81 exact samples."""
    import numpy as np

    import symbolic

    x, y = np.meshgrid(np.linspace(1, 2, 9), np.linspace(0, 3, 9))
    samples = {"inputs": {"x": x, "y": y}, "targets": {"f": 0.5 - 0.9 * x * y}}
    truth = symbolic.discover(**samples, engine="sindy").best
    for name in symbolic.list_engines():
        what = f"engine {name}"
        try:
            found = symbolic.discover(**samples, engine=name).best
        except symbolic.EngineUnavailable as error:
            yield Finding("note", what, "cannot run here", str(error))
            continue
        if found is not None and symbolic.same_law(found, truth):
            yield Finding("ok", what, "finds a planted law")
        else:
            yield Finding("problem", what, "does not find a planted law", _REINSTALL)


def _plugins() -> Iterator[Finding]:
    """Third parties' entry points, each imported."""
    for group in ENTRY_GROUPS:
        for point in metadata.entry_points(group=group):
            try:
                point.load()
            except Exception as error:  # a third party's import may fail in any way
                first = (str(error).splitlines() or [type(error).__name__])[0]
                cure = f"update or remove {point.value.split(':')[0].split('.')[0]}"
                yield Finding("problem", f"plugin {point.name}", first, cure)
            else:
                yield Finding("ok", f"plugin {point.name}", f"{point.value} ({group})")


def _checkpoints() -> Iterator[Finding]:
    import checkpoints

    names = checkpoints.names()
    if not names:
        yield Finding("problem", "checkpoints", "none is shipped", _REINSTALL)
    for name in names:
        try:
            _, card = checkpoints.load(name)
        except checkpoints.CheckpointError as error:
            yield Finding("problem", f"checkpoint {name}", str(error))
        else:
            found = f"{card.size():,} numbers, sha256 {card.sha256[:12]}"
            yield Finding("ok", f"checkpoint {name}", found)


def _cache() -> Iterator[Finding]:
    place = os.environ.get("JAX_COMPILATION_CACHE_DIR")
    if not place:
        cure = (
            "set JAX_COMPILATION_CACHE_DIR to a folder to start faster the second time, and "
            "TF_CPP_MIN_LOG_LEVEL=3, or XLA logs every program that it reads there"
        )
        yield Finding("note", "compilation cache", "off", cure)
        return
    yield _writeable("compilation cache", Path(place))
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL", "0") < "3":
        cure = "set TF_CPP_MIN_LOG_LEVEL=3 beside it: XLA logs every program that it reads there"
        yield Finding("note", "compilation cache", "long lines on stderr", cure)


def _scratch() -> Iterator[Finding]:
    yield _writeable("working folder", Path.cwd())


def _writeable(what: str, folder: Path) -> Finding:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(65536))
            file.flush()
    except OSError as error:
        reason = error.strerror or str(error)
        return Finding("problem", what, f"{folder}: {reason}", "free it or choose another folder")
    return Finding("ok", what, f"{folder} can be written")


CHECKS: dict[str, Callable[[], Iterator[Finding]]] = {
    "versions": _versions,
    "devices": _devices,
    "float64": _float64,
    "compiler": _compiler,
    "engines": _engines,
    "plugins": _plugins,
    "checkpoints": _checkpoints,
    "compilation cache": _cache,
    "working folder": _scratch,
}
