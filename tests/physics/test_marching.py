"""Long runs: grouping steps changes nothing, and saves the memory of the derivative."""

import jax
import numpy as np
import pytest

from benchmarks.solver import memory
from physics.integrate.marching import march


class Doubling:
    """A stepper that doubles a number."""

    def step(self, state, coefficients):
        """Twice the state."""
        return state * coefficients


@pytest.mark.parametrize("steps", [1, 2, 7, 16, 50])
def test_grouped_steps_are_the_same_steps(steps):
    found, slope = jax.value_and_grad(lambda c: march(Doubling(), 1.0, c, steps))(1.1)
    assert np.isclose(found, 1.1**steps, rtol=1e-5)
    assert np.isclose(slope, steps * 1.1 ** (steps - 1), rtol=1e-5)


def test_the_gradient_of_two_hundred_steps_needs_a_fifth_of_the_memory():
    assert memory()["ratio"] < 1 / 5
