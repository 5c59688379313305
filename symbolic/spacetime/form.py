"""From fields to a Problem: denoised jets at points, rows of the weak form for every state."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import sympy

from physics.jets import Jet, jets_in
from physics.names import COORDINATES, TIME
from symbolic.formulation import Target
from symbolic.problem import Equation, Problem, table
from symbolic.slopes import slope
from symbolic.spacetime import curves as smoothing
from symbolic.spacetime.bases import bases
from symbolic.spacetime.reading import Fields
from symbolic.spacetime.rows import MOST_POINTS, Grid, Layout, PieceBlock, Stretch, goals
from symbolic.varying import marks

_WORD = re.compile(r"[A-Za-z]\w*")
MOST_GROUPS = 10
FOLDS = 5
SILENT = 1e-10
METHOD = (
    "weak form over space and time (waves, or polynomials between walls, times sines of time) of "
    "fields denoised wave by wave; rows weighted by their errors"
)
DOUBT = 1.5  # the variance of rows follows from averages over the field


@dataclass(frozen=True, kw_only=True)
class FieldProblem(Problem):
    """A Problem with so many points that columns are made a few at a time."""

    projected: dict = field(default_factory=dict, compare=False)

    def columns(self, target, expressions, constants=None) -> np.ndarray:
        """See Problem.columns. Projections on the tests of space are kept: weights may change."""
        blocks, parts = self.equations[target].blocks, []
        for expression in expressions:
            key = (id(blocks[0].layout), expression)
            found = self.projected.get(key)
            if found is None or constants:
                values = self.values([expression], constants)
                found = [b.project(values) for b in blocks]
                heard = max(float(np.abs(p).max()) for p in found)
                if heard < SILENT * np.sqrt(np.mean(values**2)):  # no test function sees it
                    found = [0.0 * p for p in found]
                if not constants:
                    self.projected[key] = found
            weighed = [b.weigh(p) for b, p in zip(blocks, found, strict=True)]
            parts.append(np.concatenate(weighed))
        return np.concatenate(parts, axis=1)


@dataclass
class FieldForm:
    """Denoised fields of `data` and the rows that any law is held against."""

    data: Fields
    targets: list[Target]
    seed: int
    jets: Sequence[Jet] = ()
    degree: int = 3
    curves: dict[str, smoothing.Curves] = field(default_factory=dict)

    def __post_init__(self):
        self.bases = bases(self.data)
        self.layouts: dict[str, Layout] = {}
        self.projected: dict = {}
        given = {n: self.data.values[..., j] for j, n in enumerate(self.data.names)}
        for name, values in {**given, **self.data.auxiliary}.items():
            self._smooth(name, values)
        self.grid = Grid([self.layouts[n] for n in self.layouts], self.degree)
        first = self.curves[self.data.names[0]]
        size = int(np.prod(self.grid.shape)) * 2 * len(self.data.times)
        most = max(1, MOST_POINTS // size)
        samples = sorted({p.sample for p in first.pieces})[:most]
        self.stretches = {
            n: [Stretch(p) for p in c.pieces if p.sample in samples] for n, c in self.curves.items()
        }
        self.points = self._points()
        some, size = next(iter(self.stretches.values())), int(np.prod(self.grid.shape))
        counts = [size * len(s.times) for s in some]
        self.sample = np.repeat([s.piece.sample for s in some], counts)
        self.noise = {n: c.level for n, c in self.curves.items()}
        kinds = (f"{c} {kind}" for c, kind in zip(COORDINATES, self.data.box.kinds, strict=False))
        self.method = f"{METHOD}; {', '.join(kinds)}"

    def _smooth(self, name: str, values: np.ndarray) -> None:
        coefficients = values
        for axis, basis in enumerate(self.bases):
            coefficients = np.moveaxis(
                np.tensordot(basis.measured.T, coefficients, axes=(1, axis + 2)), 0, axis + 2
            )
        flat = coefficients.reshape(*coefficients.shape[:2], -1)
        found = smoothing.smooth(self.data.times, flat)
        if not len(found.kept):
            raise ValueError(f"the field {name!r} is noise: no wave of it changes smoothly in time")
        self.curves[name] = found
        power = (flat[..., found.kept] ** 2).mean((0, 1))
        self.layouts[name] = Layout.of(self.bases, found.kept, power)

    @staticmethod
    def symbols(names: Sequence[str], dim: int, library: Sequence[object]) -> dict:
        """{name: symbol} that the user's terms may hold: fields, their jets, coordinates, t."""
        found: dict[str, sympy.Symbol] = {n: Jet(n) for n in names}
        for word in {w for t in library for w in _WORD.findall(str(t))}:
            name, _, index = word.rpartition("_")
            if name in names and index and set(index) <= set(COORDINATES[:dim]):
                found[word] = Jet(name, index)
        return found | {n: sympy.Symbol(n) for n in (TIME, *COORDINATES[:dim])}

    def _points(self) -> dict[sympy.Symbol, np.ndarray]:
        """{jet, coordinate or time: (point,)} over all stretches, time and space."""
        found = {}
        for jet in self.jets:
            orders = [jet.index.count(c) for c in COORDINATES[: self.data.dim]]
            layout = self.layouts[jet.field]
            parts = [
                self.grid.fields(layout, s.curves, orders).ravel()
                for s in self.stretches[jet.field]
            ]
            found[jet] = np.concatenate(parts)
        some = next(iter(self.stretches.values()))
        shape, moments = self.grid.shape, [s.times for s in some]
        found[sympy.Symbol(TIME)] = np.concatenate([np.repeat(t, np.prod(shape)) for t in moments])
        for axis, name in enumerate(COORDINATES[: self.data.dim]):
            x = self.data.coordinates[axis][0] + self.grid.shares[axis] * self.bases[axis].length
            along = [1] * len(shape)
            along[axis] = -1
            full = np.broadcast_to(x.reshape(along), shape).ravel()
            found[sympy.Symbol(name)] = np.tile(full, sum(map(len, moments)))
        return found

    def problem(self, law: Mapping[str, sympy.Expr] | None = None) -> Problem:
        """The equations; weighted with what a law says of how errors grow, where one is given."""
        equations = {}
        for target in self.targets:
            expression = (law or {}).get(target.name, sympy.S.Zero)
            equations[target.name] = self._equation(target, expression)
        symbols = {j.name: j for j in self.jets if j.order == 0}
        pick = np.linspace(0, len(next(iter(self.points.values()))) - 1, 2000).astype(int)
        places = {s: v[pick] for s, v in self.points.items()}
        return FieldProblem(
            kind="pde",
            symbols=symbols,
            points=self.points,
            equations=equations,
            places=places,
            estimates={},
            blur=max(c.level for c in self.curves.values()),
            seed=self.seed,
            projected=self.projected,
            sample=self.sample,
        )

    def _equation(self, target: Target, law: sympy.Expr) -> Equation:
        name = self.data.names[target.state]
        layout = self.layouts[name]
        growth, variation = self._growth(name, target.known + target.factor * law)
        stretches = self.stretches[name]
        samples = sorted({s.piece.sample for s in stretches})
        rows, blocks, groups, labels, start = [], [], [], [], 0
        size = int(np.prod(self.grid.shape))
        for number, stretch in enumerate(stretches):
            goal, matrices = goals(stretch, layout, growth, variation)
            span = slice(start, start + size * len(stretch.times))
            start = span.stop
            rows.append(goal)
            blocks.append(
                PieceBlock(span, self.grid, layout, [m * target.factor for m in matrices])
            )
            own = samples.index(stretch.piece.sample) if len(samples) >= 3 else number
            groups.append(np.full(len(goal), own % MOST_GROUPS))
            labels.append(np.full(len(goal), stretch.piece.sample))
        goal, group = np.concatenate(rows), np.concatenate(groups)
        if target.known != 0:
            known = table([target.known], self.points)
            goal = goal - np.concatenate([b.rows(known)[:, 0] for b in blocks]) / target.factor
        if len(np.unique(group)) < 3:
            group = np.arange(len(goal)) % FOLDS
        return Equation(
            target=target.name,
            goal=goal,
            group=group,
            blocks=tuple(blocks),
            unit=1.0,
            baseline=float(np.sqrt(np.mean(goal**2))),
            doubt=DOUBT,
            sample=np.concatenate(labels),
        )

    def _growth(self, name: str, law: sympy.Expr) -> tuple[np.ndarray, np.ndarray]:
        """Per kept coefficient the complex mean of ∂F/∂u, and the variance of the rest."""
        layout = self.layouts[name]
        growth = np.zeros(len(layout.index), complex)
        variation = np.zeros(len(layout.index))
        for jet in sorted(jets_in(law), key=str):
            if jet.field != name or jet not in self.points:
                continue
            rate = slope(law, jet)
            rates = table([rate], {**self.points, **marks(self.sample, rate)})[:, 0]
            rates = rates[np.isfinite(rates)]
            factor = np.ones(len(layout.index), complex)
            for axis, c in enumerate(COORDINATES[: self.data.dim]):
                basis = self.bases[axis]
                wave = 2j * np.pi * basis.orders[layout.index[:, axis]] / basis.length
                factor *= wave ** jet.index.count(c)
            growth += rates.mean() * factor
            variation += rates.var() * np.abs(factor) ** 2
        return growth, variation
