"""Fixtures of several files here."""

import warnings

import jax
import pytest

from physics.data.trajectories import Trajectories


@pytest.fixture
def double():
    """Float64, where a test measures orders or compares with exact solutions."""
    with jax.enable_x64(True):
        yield


@pytest.fixture
def counted(monkeypatch):
    """Every region that is simulated, as (first, end)."""
    regions = []
    simulate = Trajectories.simulate

    def counting(self, first, end):
        regions.append((first, end))
        return simulate(self, first, end)

    monkeypatch.setattr(Trajectories, "simulate", counting)
    return regions


@pytest.fixture
def quiet():
    """Few points on purpose: no word of unresolved spectra."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "spectrum not resolved")
        yield
