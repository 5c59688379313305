"""A small data set that is simulated by chunks, for tests of stores."""

import numpy as np

import physics

TIMES = np.linspace(0.0, 0.2, 5)


def burgers():
    return physics.get("burgers", dim=1)


def asked(**changes):
    return {
        "samples": 10, "seed": 3, "times": TIMES, "resolution": 32, "vary": ["nu"], "dt": 0.01,
        "progress": False,
    } | changes  # fmt: skip


def solved(**changes):
    return physics.solve(
        burgers(), **{k: v for k, v in asked(**changes).items() if k != "progress"}
    )
