"""All trajectories of one request: drawn by their number, simulated in any groups.

Initial states and varied parameters depend on the seed and the number of the trajectory alone, and
are those that `solve` with as many samples draws.
"""

import hashlib
import inspect
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray

from physics import arguments, evolution, request
from physics.failures import BlowUp, FailedRun
from physics.solution import solve
from physics.starting_fields import draw_fields

OWN = ("system", "samples", "seed", "times", "vary")


class Trajectories:
    """The request, read and checked.

    frame: trajectory 0 at the first time, as `solve` returns it.   times: (time,) [T].
    record: all arguments as plain JSON, arrays as their sha256.   notes: warnings of the solver.
    """

    def __init__(self, system, samples, seed, times, vary, keywords: Mapping[str, Any]):
        known = inspect.signature(solve).parameters
        arguments.options(keywords, [n for n in known if n not in OWN], "generate")
        self.system, self.samples, self.seed = system, samples, seed
        self.keywords = {n: p.default for n, p in known.items() if n not in OWN} | dict(keywords)
        if self.keywords["precision"] not in ("float64", "float32"):
            told = self.keywords["precision"]
            raise ValueError(f'precision is "float64" or "float32", not {told!r}')
        given = {n: self.keywords.pop(n) for n in ("initial", "parameters", "controls")}
        self.record = {
            "system": system.to_json(),
            "samples": samples,
            "seed": seed,
            "vary": list(vary),
            **{n: _mark(v) for n, v in (self.keywords | given).items()},
        }
        self.times = request.read_times(system, times)
        self.record["times"] = _mark(self.times)
        rng = np.random.default_rng(seed)
        self.grid = None
        self.initial = given["initial"]
        if system.domain is None:
            self.initial = request.read_initial(system, self.initial, samples, None, rng)
        elif self.initial is None:
            asked = self.keywords["resolution"], self.keywords["scheme"]
            self.grid, _ = evolution.lay_out(system, None, *asked)
        self.parameters = request.read_parameters(system, given["parameters"], vary, samples, rng)
        self.controls = request.read_controls(system, given["controls"], samples, len(self.times))
        if system.domain is None:
            request.check_start(system, self.initial, self.times[0], self.parameters, self.controls)
        self.notes: list[str] = []
        self.frame = self._solve(np.arange(1), self.times[:1])
        self.notes.clear()
        self.record["resolution"] = list(self.shape[1:])

    @property
    def states(self) -> list[str]:
        """Variables with a time: the states and the controls."""
        return [str(n) for n, v in self.frame.data_vars.items() if "time" in v.dims]

    @property
    def shape(self) -> tuple[int, ...]:
        """(time, *space) of one state."""
        return (len(self.times), *self.frame[self.system.state_names[0]].shape[2:])

    @property
    def bytes(self) -> int:
        """Memory of one trajectory."""
        sizes = [self.frame[name].nbytes for name in self.states]
        return sum(sizes) * len(self.times)

    def simulate(self, first: int, end: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """({state: (sample, time, *space)}, failed (sample,)) of trajectories first … end − 1.

        Failed ones are NaN; another one stands in for them when the rest is made again, so that
        the shapes, and the compiled program, stay the same.
        """
        rows, failed = np.arange(first, end), np.zeros(end - first, bool)
        while not failed.all():
            try:
                taken = np.where(failed, rows[np.argmin(failed)], rows)
                made = self._solve(taken, self.times)
                states = {name: made[name].values for name in self.states}
                for values in states.values():
                    values[failed] = np.nan
                return states, failed
            except FailedRun as error:
                self.notes.append(self._note(error, rows))
                if isinstance(error, BlowUp) and error.samples:
                    failed[list(error.samples)] = True
                elif len(rows) == 1:
                    failed[:] = True
                else:
                    middle = (first + end) // 2
                    one, lost = self.simulate(first, middle)
                    two, gone = self.simulate(middle, end)
                    both = {name: np.concatenate([one[name], two[name]]) for name in self.states}
                    return both, np.concatenate([lost, gone])
        shapes = {n: (len(rows), len(self.times), *self.frame[n].shape[2:]) for n in self.states}
        return {n: np.full(s, np.nan, self.frame[n].dtype) for n, s in shapes.items()}, failed

    def _note(self, error: FailedRun, rows: np.ndarray) -> str:
        """The message, with the number of the trajectory among all instead of in its group."""
        for sample in getattr(error, "samples", ())[:1]:
            return str(error).replace(f"sample {sample} ", f"sample {rows[sample]} ", 1)
        return str(error)

    def _solve(self, rows: np.ndarray, times: np.ndarray) -> xarray.Dataset:
        """Trajectories `rows`, all consecutive ones or with repetitions, at `times`."""
        controls = {n: v[rows, : len(times)] if v.ndim else v for n, v in self.controls.items()}
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            made = solve(
                self.system,
                samples=len(rows),
                seed=self.seed,
                times=times,
                initial=self._initial(rows),
                parameters={n: v[rows] if v.ndim else v for n, v in self.parameters.items()},
                controls=controls or None,
                **self.keywords,
            )
        self.notes += [str(w.message) for w in caught]
        return made

    def _initial(self, rows: np.ndarray) -> Any:
        if self.grid is not None:
            return self._drawn(rows)
        if isinstance(self.initial, Mapping):
            return {n: self._own(v, rows) for n, v in self.initial.items()}
        return self._own(self.initial, rows)

    def _own(self, given: Any, rows: np.ndarray) -> np.ndarray:
        """The part of given initial states that belongs to trajectories `rows`."""
        array = arguments.array(given, "initial")
        several = array.ndim == self.system.dim + (2 if self.system.domain is None else 1)
        if several and len(array) not in (1, self.samples):
            raise ValueError(f"samples={self.samples}, but initial holds {len(array)} fields")
        return array[rows] if several and len(array) > 1 else array

    def _drawn(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        import jax

        precision = self.keywords["precision"]
        first = int(rows.min())
        with jax.enable_x64(precision == "float64"):
            count = int(rows.max()) - first + 1
            fields = draw_fields(self.system, self.grid, self.seed, first, count)
            fields = np.asarray(fields.astype(precision))[rows - first]
        return {name: fields[..., i] for i, name in enumerate(self.system.state_names)}


def _mark(value: Any) -> Any:
    """`value` as plain JSON; arrays as their sha256."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Mapping):
        return {str(k): _mark(v) for k, v in sorted(value.items())}
    array = arguments.array(value, "an argument")
    if array.ndim == 0:
        return float(array)
    return f"{array.shape} sha256 {hashlib.sha256(array.tobytes()).hexdigest()}"
