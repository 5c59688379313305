"""A measurement of simulated data: fewer times, noise and gaps, reproducible by seed."""

from collections.abc import Sequence

import numpy as np
import xarray


def measure(
    dataset: xarray.Dataset,
    *,
    noise: float = 0.0,
    seed: int = 0,
    missing: float = 0.0,
    states: Sequence[str] | None = None,
    keep_first: bool = False,
) -> xarray.Dataset:
    """`dataset` as a noisy instrument would record it.

    noise: standard deviation of Gaussian noise relative to the mean |value| of each variable of
    each sample [-].   missing: share of the values replaced by NaN.   keep_first: the first time
    is known exactly.   states: variables to change (default: all over (sample, time) that are no
    controls).
    """
    rng = np.random.default_rng(seed)
    names = states or [
        n
        for n, v in dataset.data_vars.items()
        if v.dims == ("sample", "time") and v.attrs.get("role") != "control"
    ]
    changed = {}
    for name in names:
        values = dataset[name].values
        scale = noise * np.abs(values).mean(axis=1, keepdims=True)
        noisy = values + scale * rng.standard_normal(values.shape)
        noisy[rng.random(values.shape) < missing] = np.nan
        if keep_first:
            noisy[:, 0] = values[:, 0]
        changed[name] = (("sample", "time"), noisy, dataset[name].attrs)
    return dataset.assign(changed).assign_attrs(noise=noise, noise_seed=seed)
