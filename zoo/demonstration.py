"""demo: the project's main job on a real record, from a shipped checkpoint to a law in files.

Loads `upinn.lotka-volterra`, fine-tunes it on the Hudson's Bay lynx-hare record with known linear
rates, discovers the two hidden terms, simulates the law again and writes what it found.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

# Linear rates per year and interaction coefficients of a published fit to the same record:
# Carpenter (2018), "Predator-Prey Population Dynamics: the Lotka-Volterra model in Stan",
# posterior means. The initial state of the comparison is fitted again, to its advantage.
PUBLISHED = {"growth": 0.55, "predation": 0.028, "decay": 0.80, "conversion": 0.024}
EQUATIONS = (
    "hare' = growth*hare - predation*hare*lynx",
    "lynx' = conversion*hare*lynx - decay*lynx",
)
UNITS = {"hare": "thousand", "lynx": "thousand", "t": "yr"}


@dataclass(frozen=True, kw_only=True)
class Demonstration:
    """law: the System found.   lines: its equations to four digits.
    coefficients: {state: of hare*lynx}.   log_error and
    published_log_error: root mean square error of log counts.   folder: where the files are."""

    law: Any
    lines: list[str]
    coefficients: dict[str, float]
    terms_exact: bool
    log_error: float
    published_log_error: float
    seconds: float
    folder: Path

    @property
    def passed(self) -> bool:
        """Whether the run met what is promised: terms, coefficients, error."""
        near = (
            abs(-self.coefficients.get("hare", 0) / PUBLISHED["predation"] - 1) <= 0.15
            and abs(self.coefficients.get("lynx", 0) / PUBLISHED["conversion"] - 1) <= 0.15
        )
        return self.terms_exact and near and self.log_error <= 1.1 * self.published_log_error

    def __str__(self) -> str:
        lines = ["The law found in the lynx-hare record:"]
        lines += [f"  {line}" for line in (self.lines or ["none"])]
        lines.append(
            f"Error of log counts, simulated from one initial state: {self.log_error:.3f} "
            f"(published fit, from its best initial state: {self.published_log_error:.3f})"
        )
        lines.append(f"Written to {self.folder}/ in {self.seconds:.0f} s: {', '.join(FILES)}")
        return "\n".join(lines)


FILES = ("demo.png", "law.tex", "law.py", "report.md", "checkpoint/")


def published() -> Any:
    """The published fit as a System."""
    import physics

    system = physics.parse(list(EQUATIONS), parameters=PUBLISHED, name="lynx_hare", units=UNITS)
    return system


def demo(folder: "Path | str" = "runs/demo", seed: int = 0, progress: bool = True) -> Demonstration:
    """Run the whole circle on the lynx-hare record; see the module's docstring.

    seed: of the networks.   Rewrites `folder`; raises ValueError if it cannot be written.
    """
    import time

    import physics
    import zoo

    started = time.perf_counter()
    folder = _fresh(Path(folder))
    truth = published()
    known = truth.without("predation", "conversion")
    record = physics.load("hudson-bay")
    tuned = zoo.finetune("upinn.lotka-volterra", record, known=known, seed=seed, progress=progress)
    zoo.save(folder / "checkpoint", tuned, name="lynx-hare", seeds=[seed], overwrite=True)
    found = zoo.explain(tuned, record)
    reference = _reference(truth, record)
    result = Demonstration(
        law=found.best,
        lines=[] if found.best is None else found.candidates[found.chosen].lines(),
        coefficients=_coefficients(found.best),
        terms_exact=_exact(found.best, truth),
        log_error=_log_error(_simulated(found, record), record),
        published_log_error=_log_error(reference, record),
        seconds=0.0,
        folder=folder,
    )
    free = _rates_free(tuned, record, found.best)
    if found.best is not None:
        _export(found.best, folder)
    picture(folder / "demo.png", record, tuned, _simulated(found, record))
    seconds = time.perf_counter() - started
    result = Demonstration(**{**result.__dict__, "seconds": seconds})
    (folder / "report.md").write_text(_report(result, found, free, seed), encoding="utf-8")
    return result


def picture(path: Path, record: Any, tuned: Any, simulated: Any) -> None:
    """Data, surrogate and the law simulated again, one panel per species."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    surrogate = tuned.predict()
    figure, axes = plt.subplots(2, 1, figsize=(8, 6), sharex=True, layout="constrained")
    for axis, name, colour in zip(axes, ("hare", "lynx"), ("#1f77b4", "#d95f02"), strict=True):
        axis.plot(surrogate["time"], surrogate[name][0], color=colour, lw=1, ls="--",
                  label="surrogate network")  # fmt: skip
        if simulated is not None:
            axis.plot(simulated["time"], simulated[name][0], color=colour, lw=2,
                      label="law, simulated again")  # fmt: skip
        axis.plot(record["time"], record[name][0], "o", color="black", ms=4, label="pelts counted")
        axis.set_ylabel(f"{name} [thousand]")
        axis.set_ylim(bottom=0)
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=False, fontsize=9)
    axes[1].set_xlabel("year")
    axes[1].xaxis.get_major_locator().set_params(integer=True)
    figure.suptitle("Hudson's Bay lynx and hare: a law read off a fine-tuned UPINN", fontsize=12)
    figure.savefig(path, dpi=150)
    plt.close(figure)


# -- pieces --------------------------------------------------------------------------------


def _fresh(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            place = folder / name
            if place.is_dir():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)
    except OSError as error:
        raise ValueError(f"cannot write to {str(folder)!r}: {error.strerror}") from None
    return folder


def _coefficients(law: Any) -> dict[str, float]:
    """{state: coefficient of hare*lynx in its equation}."""
    from physics.jets import fields
    from physics.tree import canonical

    if law is None:
        return {}
    hare, lynx = fields("hare lynx")
    return {
        state: float(canonical(e).coeff(hare * lynx).subs({hare: 0, lynx: 0}))
        for state, e in law.numeric().equations.items()
    }


def _exact(law: Any, truth: Any) -> bool:
    import symbolic

    return law is not None and symbolic.same_law(law, truth).same_terms


def _simulated(found: Any, record: Any) -> Any:
    """The law from its own fitted initial state, on a fine grid that holds the record's times."""
    import physics

    if found.best is None:
        return None
    return physics.solve(found.best, initial=found.initial, times=_fine(record))


def _reference(truth: Any, record: Any) -> Any:
    """The published coefficients from the initial state that suits them best."""
    import physics

    fit = physics.calibrate(truth, record, free=[], noise="multiplicative")
    return physics.solve(truth, initial=fit.initial, times=_fine(record))


def _fine(record: Any) -> np.ndarray:
    times = record["time"].values
    return np.linspace(times[0], times[-1], 10 * (len(times) - 1) + 1)


def _log_error(simulated: Any, record: Any) -> float:
    if simulated is None:
        return float("inf")
    at = simulated.sel(time=record["time"], method="nearest")
    errors = [np.log(at[n].values) - np.log(record[n].values) for n in ("hare", "lynx")]
    return float(np.sqrt(np.nanmean(np.square(errors))))


def _rates_free(tuned: Any, record: Any, law: Any) -> str:
    """What comes out when the two linear rates are not given: the law refitted with them free."""
    import physics

    if law is None:
        return "No law was found, so there was nothing to refit."
    fit = physics.calibrate(law, record, noise="multiplicative")
    rows = ["| parameter | value | 95 % interval | published |", "|---|---|---|---|"]
    for name, value in fit.values.items():
        low, high = fit.intervals[name]
        rows.append(
            f"| {name} | {value:.4g} | {low:.4g} … {high:.4g} | {PUBLISHED.get(name, '')} |"
        )
    return "\n".join(rows)


def _export(law: Any, folder: Path) -> None:
    import symbolic

    (folder / "law.tex").write_text(symbolic.export(law, "latex", digits=4), encoding="utf-8")
    (folder / "law.py").write_text(symbolic.export(law, "python"), encoding="utf-8")


def _report(result: Demonstration, found: Any, free: str, seed: int) -> str:
    lines = result.lines or ["no law found: " + found.reason]
    c, rates = result.coefficients, (PUBLISHED["growth"], PUBLISHED["decay"])
    return f"""# Lynx and hare: from a fine-tuned network to a law

![data, surrogate, law](demo.png)

Record: Hudson's Bay Company pelts, 1900-1920, thousands. Known: hares grow {rates[0]}/yr, lynx
decay {rates[1]}/yr. These two rates are not measured here: they come from a published fit to the
same record (Carpenter 2018, posterior means). Hidden: one term per equation. Network seed {seed};
{result.seconds:.0f} s.

## The law

```
{chr(10).join(lines)}
```

| | found | published |
|---|---|---|
| hare*lynx in hare' | {c.get("hare", float("nan")):.4f} | -{PUBLISHED["predation"]} |
| hare*lynx in lynx' | {c.get("lynx", float("nan")):.4f} | {PUBLISHED["conversion"]} |
| root mean square error of log counts | {result.log_error:.4f} | {result.published_log_error:.4f} |

Both laws are simulated over the whole record from one initial state each; that of the published
law was fitted for this comparison.

## Candidates

```
{found.table()}
```

## With both linear rates free

{free}
"""
