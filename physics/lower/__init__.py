"""System -> JAX. One file per way of lowering."""

from physics.system import System


def rhs(system: System, grid=None):
    """The right-hand side of `system` as f(t, u, params=None, control=None) -> du/dt.

    ODEs and maps: u has shape (..., channel), channels in the order of the states.
    Raises ValueError for a PDE without a grid.
    """
    from physics.lower.ode import ode_rhs

    if grid is not None and system.domain is None:
        raise ValueError(f"{system.name!r} has no spatial dimensions: leave `grid` out")
    return ode_rhs(system)
