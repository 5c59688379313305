"""Fine-tuning of the UPINN checkpoints for PDEs against training from scratch.

Five other parameter sets per problem; three arms: from scratch, tuned, and a control that starts
from the other problem's hidden network. The ramp of each arm is chosen on a set of its own.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

import physics
import zoo
from zoo.models.upinn.evidence import Tightening
from zoo.recipes import upinn_apoptosis, upinn_burgers

BURGERS_SETS = ((0.035, 0.65), (0.07, 0.65), (0.07, 1.4), (0.1, 1.4), (0.1, 0.5))  # ν, c
APOPTOSIS_SETS = (  # factors on (k1, km1, jm1, km3, k0)
    (1.4, 0.6, 1.4, 0.65, 1.3), (0.65, 1.5, 0.6, 1.35, 0.7), (1.5, 1.5, 1.5, 0.6, 0.7),
    (0.7, 0.6, 0.7, 1.5, 1.4), (1.3, 1.4, 0.65, 0.7, 1.5),
)  # fmt: skip
VARIED = ("k1", "km1", "jm1", "km3", "k0")
TUNING = {"burgers": (0.08, 1.5), "apoptosis": (0.6, 1.4, 1.4, 1.5, 0.65)}
RAMPS = {  # what is tuned, on the tuning set
    "burgers": {"scratch": (20, 50, 100), "tuned": (10, 20, 50)},
    "apoptosis": {"scratch": (20, 50, 100), "tuned": (5, 10, 20)},
}
LOOSE = {"burgers": 100.0, "apoptosis": 25.0}  # of the tuned arm
NEAR = 1.05
STEPS, FIELDS, TRAJECTORIES = 150, 2, 3


class Store:
    """Rows by (part, name) in a JSON-lines file; what is there is not run again."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.rows = path, {}
        for line in path.read_text().splitlines() if path.exists() else ():
            row = json.loads(line)
            self.rows[row["part"], row["name"]] = row

    def get(self, part: str, name: str, make) -> dict:
        """The row, made if it is not there."""
        if (part, name) not in self.rows:
            self.rows[part, name] = {"part": part, "name": name} | make()
            with open(self.path, "a") as file:
                file.write(json.dumps(self.rows[part, name]) + "\n")
        return self.rows[part, name]

    def part(self, part: str) -> list[dict]:
        """All rows of a part."""
        return [row for (p, _), row in self.rows.items() if p == part]


def case(problem: str, values: tuple, seed: int) -> tuple:
    """(known part, data, exact states, their times and places) of one parameter set."""
    if problem == "burgers":
        recipe = upinn_burgers
        nu, c = values
        text = "u_t = nu*u_xx - c*u*u_x"
        system = physics.parse(text, {"nu": nu, "c": c}, length=2 * np.pi)
        system = replace(system, initial=recipe.truth().initial)
        clean = recipe.exact(system, seed).isel(sample=slice(0, FIELDS))
        return recipe.known(system), recipe.data(clean, seed).drop_vars("c"), clean
    recipe = upinn_apoptosis
    nominal = recipe.truth().values
    changed = {n: nominal[n] * f for n, f in zip(VARIED, values, strict=True)}
    system = recipe.truth(**changed)
    some = slice(0, TRAJECTORIES)
    clean = recipe.exact(system, seed).isel(sample=some)
    return recipe.known(system), recipe.data(clean, seed), clean


def validation(model, clean):
    """weights -> relative L2 of the surrogates (apoptosis: mean over x and y), jitted."""
    import jax

    s = model.statistics()
    if model.field:
        from zoo.models.upinn.fields import field_functions

        mesh = np.meshgrid(clean["time"].values, clean["x"].values, indexing="ij")
        points, names = np.stack(mesh, -1).reshape(-1, 2), ("u",)
        states = field_functions(model.config).states
    else:
        from zoo.models.upinn.residuals import pointwise

        points, names = clean["time"].values, ("x", "y")
        states = pointwise(model.config).states
    exact = [clean[n].values.reshape(len(clean["sample"]), -1) for n in names]

    @jax.jit
    def run(theta, s):
        return jax.vmap(lambda a: jax.vmap(lambda p: states(a, p, s))(points))(theta)

    def error(weights, s=s) -> float:
        with jax.enable_x64(True):
            said = np.asarray(run(weights["surrogate"], s))
        pairs = [(said[..., i], u) for i, u in enumerate(exact)]
        return float(np.mean([np.linalg.norm(a - b) / np.linalg.norm(b) for a, b in pairs]))

    return error


def curve(problem: str, values: tuple, seed: int, arm: str, ramp: int) -> list[list[float]]:
    """[[step, validation error], …] of one arm."""
    part, data, clean = case(problem, values, seed)
    recipe = {"burgers": upinn_burgers, "apoptosis": upinn_apoptosis}[problem]
    other = {"burgers": "upinn.apoptosis", "apoptosis": "upinn.burgers"}[problem]
    rules = {"residual": 0.02, "ramp": ramp, "warm": max(30, 4 * ramp // 5)}
    samples = data.sizes["sample"]
    model, scales = recipe.untrained(part, seed, samples), "data"
    if arm == "tuned":
        source = zoo.load(f"upinn.{problem}")
        model, scales = source.adapt(part, trajectories=samples, seed=seed)[0], "model"
        rules |= {"sigma": 0.05, "alpha": float(source.statistics()["alpha"][0])}
        rules |= {"loose": LOOSE[problem], "warm": ramp}
    elif arm == "control":
        foreign = zoo.load(other).weights()["hidden"]
        model = model.put(weights={"surrogate": model.weights()["surrogate"], "hidden": foreign})
    found: list[list[float]] = []
    first = model.fit(
        data, replace(recipe.SCHEDULE, steps=2, chunk=2), progress=False, rules=Tightening(**rules),
        scales=scales,
    )  # fmt: skip
    error = validation(first, clean)

    def watch(step, state):
        found.append([step, error(state["params"], first.statistics())])

    model.fit(
        data, replace(recipe.SCHEDULE, steps=STEPS, chunk=2), progress=False,
        rules=Tightening(**rules), scales=scales, watch=watch,
    )  # fmt: skip
    return found


def reached(rows: list[list[float]], level: float) -> float:
    """The first step at which the error is at most `level`."""
    return next((float(step) for step, error in rows if error <= level), float("inf"))


def tuned_ramp(store: Store, problem: str, arm: str) -> int:
    """The ramp of an arm that gets near the best of the from-scratch arms first."""
    curves = {
        ramp: store.get(f"tuning-{problem}", f"{arm}-{ramp}",
                        lambda r=ramp: {"curve": curve(problem, TUNING[problem], 100, arm, r)})
        for ramp in RAMPS[problem][arm]
    }  # fmt: skip
    if arm == "scratch":
        best = min(min(e for _, e in c["curve"]) for c in curves.values())
    else:
        scratch = [
            store.rows[f"tuning-{problem}", f"scratch-{r}"] for r in RAMPS[problem]["scratch"]
        ]
        best = min(min(e for _, e in c["curve"]) for c in scratch)
    return min(RAMPS[problem][arm], key=lambda r: (reached(curves[r]["curve"], NEAR * best), r))


def finetuning(store: Store, problem: str, seeds: int) -> None:
    """All arms on the five parameter sets."""
    ramps = {arm: tuned_ramp(store, problem, arm) for arm in ("scratch", "tuned")}
    ramps["control"] = ramps["scratch"]
    sets = BURGERS_SETS if problem == "burgers" else APOPTOSIS_SETS
    for i, values in enumerate(sets[:seeds]):
        for arm, ramp in ramps.items():
            store.get(
                f"finetune-{problem}", f"{i}-{arm}",
                lambda v=values, i=i, a=arm, r=ramp: {
                    "values": v, "ramp": r, "curve": curve(problem, v, i, a, r)
                },
            )  # fmt: skip


def row(problem: str, i: int, rows: dict[str, dict]) -> str:
    """Steps to 1.05 times the best and to 1.05 times the last error of the from-scratch arm."""
    curves = {arm: rows[f"{i}-{arm}"]["curve"] for arm in ("scratch", "tuned", "control")}
    best, last = min(e for _, e in curves["scratch"]), curves["scratch"][-1][1]
    steps = {arm: reached(c, NEAR * best) for arm, c in curves.items()}
    later = {arm: reached(c, NEAR * last) for arm, c in curves.items()}
    values = ", ".join(f"{v:g}" for v in rows[f"{i}-scratch"]["values"])
    return (
        f"| {problem} {i} | {values} | {100 * best:.2f} | {steps['scratch']:.0f} "
        f"| {steps['tuned']:.0f} | {steps['control']:.0f} "
        f"| {steps['tuned'] / steps['scratch']:.2f} | {100 * last:.2f} | {later['scratch']:.0f} "
        f"| {later['tuned']:.0f} | {later['tuned'] / later['scratch']:.2f} |"
    )
