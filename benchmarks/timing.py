"""Interleaved timings: every candidate runs in turn, the median of the rounds is reported."""

import time
from collections.abc import Callable, Mapping

import numpy as np


def interleaved(candidates: Mapping[str, tuple[Callable, tuple]], rounds: int = 11) -> dict:
    """{name: median seconds} of jitted functions with their arguments, after one warm-up call."""
    import jax

    for function, arguments in candidates.values():
        jax.block_until_ready(function(*arguments))
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, (function, arguments) in candidates.items():
            started = time.perf_counter()
            jax.block_until_ready(function(*arguments))
            times[name].append(time.perf_counter() - started)
    return {name: float(np.median(values)) for name, values in times.items()}


def machine() -> str:
    """What the figures were taken on."""
    import os
    import platform

    import jax

    device = jax.devices()[0]
    return (
        f"{device.device_kind} ({device.platform}), {os.cpu_count()} CPU cores, Python "
        f"{platform.python_version()}, jax {jax.__version__}"
    )
