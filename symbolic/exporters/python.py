"""Python source that stands alone on NumPy: `rhs(t, y)` as SciPy's `solve_ivp` takes it.

y has shape (state,) or, vectorised, (state, k); a map gives `step(n, y)`, a law with noise also
`diffusion(t, y)`, a Formula `formula(inputs…)`. Parameters are a dict of defaults, controls
keyword arguments.
"""

from physics.formula import Formula
from physics.system import System
from symbolic.exporters._arrays import Dialect, formula_module, system_module

SUFFIX = ".py"

_NUMPY = Dialect(
    module="np",
    imports="import numpy as np\n",
    values="[np.asarray(v, dtype=float) for v in values.values()]",
    argument="np.asarray({0}, dtype=float)",
    prepare="""    y = np.asarray(y, dtype=float)
    dydt = np.empty(({shape} *y.shape[1:]))
""",
    finish="    return dydt\n",
)


def export(law: System | Formula) -> str:
    """Source of a module with `rhs`, `step` or `formula`; ValueError for a PDE."""
    if isinstance(law, Formula):
        return formula_module(law, _NUMPY)
    return system_module(law, _NUMPY)
