"""A Formula on samples: relative L2 error of each output."""

import math
from collections.abc import Mapping

import numpy as np
import xarray

from physics.formula import Formula
from physics.lower.expression import evaluate
from physics.names import TIME, nearest
from symbolic.pointwise import plain, real


def check_samples(
    law: Formula, data: xarray.Dataset, parameters: Mapping[str, float] | None
) -> tuple[dict[str, float], tuple[str, ...]]:
    """({output: relative L2 error}, reasons) where inputs and output are measured.

    data: one variable (or coordinate) per input and output, broadcast by their dims.
    Raises ValueError for missing variables and for outputs named like an input.
    """
    if not isinstance(data, xarray.Dataset):
        raise ValueError(f"data must be an xarray.Dataset, not {type(data).__name__}")
    for name in law.outputs:
        if name in law.inputs:
            raise ValueError(
                f"output {name!r} of the formula is also its input, so the data cannot hold both; "
                f"give the system that it completes: check(formula, data, system)"
            )
    for name in parameters or {}:
        if name not in law.values:
            raise ValueError(f"the formula has no parameter {name!r}{nearest(name, law.values)}")
    columns = {name: _variable(data, name) for name in (*law.inputs, *law.outputs)}
    for name, value in law.values.items():
        if parameters and name in parameters:
            array = np.asarray(parameters[name], np.float64)
        elif name in data and data[name].ndim and float(np.ptp(data[name].values)) > 0:
            columns[name] = data[name]
            continue
        else:
            array = np.asarray(value)
        columns[name] = xarray.DataArray(array, dims=("sample",)[: array.ndim])
    names = list(columns)
    filled = xarray.broadcast(*columns.values())
    arrays = {n: a.values.astype(np.float64) for n, a in zip(names, filled, strict=True)}
    symbols = {real(n): a for n, a in arrays.items() if n not in law.outputs}
    inputs_known = np.isfinite(sum((arrays[i] for i in law.inputs), start=np.zeros(())))
    errors: dict[str, float] = {}
    reasons: list[str] = []
    for name, expression in law.expressions.items():
        with np.errstate(all="ignore"):
            (value,) = evaluate([plain(expression)], symbols, np)
        truth = arrays[name]
        known = np.isfinite(truth) & inputs_known
        if not known.any():
            raise ValueError(f"output {name!r} is nowhere measured together with all inputs")
        found = np.broadcast_to(np.asarray(value, np.float64), truth.shape)[known]
        if np.isfinite(found).all():
            size = float(np.linalg.norm(truth[known])) or math.sqrt(known.sum())
            errors[name] = float(np.linalg.norm(found - truth[known])) / size
        else:
            errors[name] = math.inf
            count = int((~np.isfinite(found)).sum())
            reasons.append(f"{name} is not finite at {count} of {known.sum()} measured points")
    return errors, tuple(reasons)


def _variable(data: xarray.Dataset, name: str) -> xarray.DataArray:
    if name not in data and name == TIME and "time" in data:
        name = "time"
    if name not in data:
        known = [*map(str, data.variables)]
        raise ValueError(
            f"data has no variable {name!r}{nearest(name, known)}; it has: {', '.join(known)}"
        )
    if data[name].dtype.kind not in "fiub":
        raise ValueError(f"variable {name!r} holds {data[name].dtype}, not real numbers")
    if np.isinf(data[name].values.astype(np.float64)).any():
        raise ValueError(f"variable {name!r} holds infinities; use NaN for what was not measured")
    return data[name]
