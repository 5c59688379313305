"""System -> JAX. One file per way of lowering."""

from physics.system import System


def rhs(system: System, grid=None):
    """The right-hand side of `system` as f(t, u, params=None, control=None) -> du/dt.

    ODEs and maps: u has shape (..., channel), channels in the order of the states. PDEs need a
    Grid and take u (*space, channel); periodic ones are differentiated by Fourier series, others
    by finite differences. Raises ValueError for a PDE without a grid.
    """
    from physics.lower.ode import ode_rhs

    if system.domain is None:
        if grid is not None:
            raise ValueError(f"{system.name!r} has no spatial dimensions: leave `grid` out")
        return ode_rhs(system)
    if grid is None:
        raise ValueError(
            f"{system.name!r} is a PDE: give a grid, physics.Grid(system.domain, points)"
        )
    from physics.lower.spectral.spectral_stepper import SpectralStepper, suits

    if not suits(system, grid):
        return SpectralStepper(system, grid, 1.0, order=2).rhs
    from physics.lower.difference import difference_rhs

    return difference_rhs(system, grid)
