"""The formulas of a trained model: dynamics as a System, reward and policy as Formulas."""

from typing import TYPE_CHECKING

import numpy as np
import sympy

from physics.formula import Formula
from physics.jets import Jet, symbol
from physics.symbols import Control
from physics.system import System
from physics.tree import number
from zoo.models.sindy_rl.library import written

if TYPE_CHECKING:
    from symbolic.result import Discovery
    from zoo.models.sindy_rl.model import SindyRL


def dynamics(model: "SindyRL") -> System:
    """x[n+1] = x[n] + Ξ θ(x, u), with the median coefficients of the ensemble.

    Raises ValueError for a model that has not been fitted.
    """
    c = model.config
    xi = np.median(np.asarray(model.members[...], np.float64), axis=0)
    if not xi.any():
        raise ValueError("this model has seen no data yet; fit it first")
    terms = c.library.expressions()
    return System(
        name=f"{c.environment or 'plant'}_surrogate",
        time="discrete",
        equations={n: Jet(n) + written(row, terms) for n, row in zip(c.observed, xi, strict=True)},
        controls=[
            Control(name=n, low=low, high=high)
            for n, low, high in zip(c.controls, c.low, c.high, strict=True)
        ],
        description=f"steps of {c.dt:g}",
    )


def reward(model: "SindyRL") -> Formula:
    """The environment's own reward, or Σ coefficient · term of (x′, u)."""
    c = model.config
    if c.known_reward:
        from zoo.models.sindy_rl.plants import opened

        return opened(c.environment).reward
    library = c.reward_library
    terms = library.expressions(jets=False)
    terms = terms if library.constant else [sympy.Integer(1), *terms]
    terms = [*terms, *(symbol(n) ** 2 for n in c.controls)]
    total = written(np.asarray(model.reward[...]), terms)
    return Formula(name="reward", inputs=[*c.observed, *c.controls], expressions={"reward": total})


def policy(model: "SindyRL") -> Formula:
    """u = clip(Σ coefficient · monomial of x); `dynamics(model).complete(policy(model))` is the
    closed loop, a System without controls.

    Raises ValueError where none was distilled.
    """
    c = model.config
    coefficients = np.asarray(model.policy[...])
    if not coefficients.any():
        raise ValueError("no policy was distilled yet; use model.distil()")
    terms = c.policy_library.expressions()  # of states, so that it completes the dynamics
    rows = zip(c.controls, coefficients, c.low, c.high, strict=True)
    return Formula(
        name="policy",
        inputs=c.observed,
        expressions={
            name: sympy.Max(number(low), sympy.Min(number(high), written(row, terms)))
            for name, row, low, high in rows
        },
    )


def discovery(model: "SindyRL") -> "Discovery":
    """The dynamics as the one candidate; terms are included by shares of the members."""
    from symbolic.provenance import versions
    from symbolic.result import Candidate, Discovery

    c = model.config
    members = np.asarray(model.members[...])
    kept = (members != 0).mean(0)
    terms = [str(t) for t in c.library.expressions()]
    median = np.median(members, axis=0)
    if not median.any():
        return Discovery(
            candidates=(), chosen=None, reason="the model has seen no data yet",
            method="no fit", seed=0, versions=versions(),
        )  # fmt: skip
    law = dynamics(model)
    candidate = Candidate(
        law=law,
        engine="sindy",
        complexity=sum(len(list(sympy.preorder_traversal(e))) for e in law.equations.values()),
        terms={n: int((row != 0).sum()) for n, row in zip(c.observed, median, strict=True)},
        error=float("nan"),
        inclusion={
            n: {t: round(float(s), 4) for t, s in zip(terms, row, strict=True) if s}
            for n, row in zip(c.observed, kept, strict=True)
        },
    )  # fmt: skip
    return Discovery(
        candidates=(candidate,), chosen=0, seed=0, versions=versions(),
        reason=f"the median of {c.members} bagged members, fitted to real steps",
        method="sparse regression of one-step increments, rows drawn in blocks",
    )  # fmt: skip
