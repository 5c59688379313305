"""Fixtures of several files here."""

import pytest


@pytest.fixture(scope="module")
def float64():
    """Exported JAX source in float64."""
    import jax

    with jax.enable_x64(True):
        yield
