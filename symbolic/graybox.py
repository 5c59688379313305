"""Laws of a hidden term inside a partly known ODE, judged on the data through the ODE.

A learnt hidden term is wrong in places, and its errors are neither equal nor independent, so a
regression on it alone picks wrong terms. It is good enough to *propose*: for every equation the
best few term sets of every size. Each combination is then fitted to the measurements by
integrating known part + terms, all at once, and the extended Bayesian information criterion
chooses.

Source: Chen & Chen (2008), Extended Bayesian information criteria, doi:10.1093/biomet/asn034.
"""

import functools
import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import sympy

from physics.lower.expression import evaluate
from physics.system import System

CHUNK = 32
MISFIT_FLOOR = 1e-3
COMBINATIONS = 400
SUBSTEP = 1 / 60


class Proposal(NamedTuple):
    """terms: library columns.   coefficients: one per term.   residual: relative, squared."""

    terms: tuple[int, ...]
    coefficients: np.ndarray
    residual: float


class Fitted(NamedTuple):
    """One combination after its fit: terms and coefficients per equation, initial states (n, d),
    misfit (root mean square over the noise scale), criterion (smaller is better)."""

    terms: tuple[tuple[int, ...], ...]
    coefficients: tuple[np.ndarray, ...]
    initial: np.ndarray
    misfit: float
    criterion: float


class Records(NamedTuple):
    """What the combinations are fitted to.

    times (m,), values (n, m, d) with NaN gaps, start (n, d) first guess or truth, start_known,
    multiplicative: errors of log u.   params: {known parameter: (n,)}.
    """

    times: np.ndarray
    values: np.ndarray
    start: np.ndarray
    start_known: bool
    multiplicative: bool
    params: dict[str, np.ndarray]


def propose(
    columns: np.ndarray, target: np.ndarray, weight: np.ndarray, most: int = 4, top: int = 3
) -> list[Proposal]:
    """The `top` best subsets of every size 0 … `most` by weighted least squares, exhaustively.

    columns: (points, terms).   target, weight: (points,).
    """
    scaled = columns * weight[:, None]
    norms = np.maximum(np.linalg.norm(scaled, axis=0), 1e-300)
    basis, goal = scaled / norms, target * weight
    gram, project, total = basis.T @ basis, basis.T @ goal, float(goal @ goal) or 1.0
    found = [Proposal((), np.zeros(0), 1.0)]
    for size in range(1, min(most, columns.shape[1]) + 1):
        subsets = np.array(list(itertools.combinations(range(columns.shape[1]), size)))
        blocks = gram[subsets[:, :, None], subsets[:, None, :]]
        usable = np.linalg.cond(blocks) < 1e12
        subsets, blocks = subsets[usable], blocks[usable]
        if not len(subsets):
            break
        solved = np.linalg.solve(blocks, project[subsets][..., None])[..., 0]
        residual = 1 - (solved * project[subsets]).sum(1) / total
        for i in np.argsort(residual)[:top]:
            terms = tuple(int(t) for t in subsets[i])
            found.append(
                Proposal(terms, solved[i] / norms[list(terms)], max(float(residual[i]), 0.0))
            )
    return found


def choose(
    known: System,
    library: Sequence[sympy.Expr],
    outputs: Sequence[str],
    proposals: Sequence[Sequence[Proposal]],
    records: Records,
    *,
    gamma: float = 1.0,
) -> list[Fitted]:
    """All combinations of proposals fitted to the records, best criterion first.

    proposals: one list per output.   With more than 400 combinations the equations are improved
    one after the other until none changes.
    """
    count = math.prod(len(p) for p in proposals)
    judge = functools.partial(_judge, known, tuple(library), tuple(outputs), records, gamma)
    if count <= COMBINATIONS:
        return sorted(judge(list(itertools.product(*proposals))), key=lambda f: f.criterion)
    current = [min(p, key=lambda q: q.residual + 0.01 * len(q.terms)) for p in proposals]
    seen: dict[tuple, Fitted] = {}
    for _ in range(4):
        before = [p.terms for p in current]
        for e, options in enumerate(proposals):
            trials = [(*current[:e], option, *current[e + 1 :]) for option in options]
            fitted = judge(trials)
            seen |= {f.terms: f for f in fitted}
            best = min(range(len(fitted)), key=lambda i: fitted[i].criterion)
            current[e] = options[best]
        if [p.terms for p in current] == before:
            break
    return sorted(seen.values(), key=lambda f: f.criterion)


def _judge(known, library, outputs, records: Records, gamma, combinations) -> list[Fitted]:
    import jax

    most = max(1, max(len(p.terms) for c in combinations for p in c))
    index = np.full((len(combinations), len(outputs), most), len(library))
    start = np.zeros(index.shape)
    for i, combination in enumerate(combinations):
        for e, proposal in enumerate(combination):
            index[i, e, : len(proposal.terms)] = proposal.terms
            start[i, e, : len(proposal.terms)] = proposal.coefficients
    with jax.enable_x64(True):
        substeps = max(2, math.ceil(np.diff(records.times).max() / np.ptp(records.times) / SUBSTEP))
        key = (known, library, outputs, records.multiplicative, records.start_known, substeps)
        run = _program(*key)
        pieces = []
        for low in range(0, len(index), CHUNK):
            rows = np.arange(low, low + CHUNK) % len(index) if len(index) > CHUNK else slice(None)
            pieces.append([np.asarray(a) for a in run(index[rows], start[rows], records)])
        coefficients, initial, squares = (
            np.concatenate([p[i] for p in pieces])[: len(index)] for i in range(3)
        )
    measured = int((~np.isnan(records.values)).sum())
    fitted = []
    for i, combination in enumerate(combinations):
        sizes = [len(p.terms) for p in combination]
        terms = tuple(p.terms for p in combination)
        values = tuple(coefficients[i, e, :k] for e, k in enumerate(sizes))
        mean = float(squares[i]) / measured if np.isfinite(squares[i]) else math.inf
        small = measured / max(measured - sum(sizes) - 2, 1)
        criterion = measured * math.log(mean + MISFIT_FLOOR**2)
        criterion += small * sum(sizes) * math.log(measured)
        criterion += 2 * gamma * sum(math.log(math.comb(len(library), k)) for k in sizes)
        fitted.append(Fitted(terms, values, initial[i], math.sqrt(mean), criterion))
    return fitted


@functools.lru_cache(maxsize=16)
def _program(known, library, outputs, multiplicative, start_known, substeps) -> Any:
    """Jitted fit of a batch of combinations; term indices, data and starts are arguments."""
    import jax
    import jax.numpy as jnp

    from physics.integrate.segments import rk4_segments
    from physics.jets import Jet
    from physics.least_squares import levenberg_marquardt
    from physics.lower import rhs
    from physics.shooting import safe_log

    f = rhs(known)
    names = known.state_names
    places = jnp.array([names.index(o) for o in outputs])

    def fit(index, coefficients, records: Records):
        values, times = records.values, records.times
        seen = ~jnp.isnan(values)
        typical = jnp.nanmean(jnp.abs(values), axis=1)
        noise = jnp.ones_like(typical) if multiplicative else typical
        scale = typical.mean(0)
        data = jnp.where(seen, values, 1.0)
        used = index < len(library)
        bound = 50 * jnp.nanmax(jnp.abs(values), axis=(0, 1))

        def field(t, u, params):
            c = params["coefficients"]
            known_part = f(t, u, {k: v for k, v in params.items() if k != "coefficients"})
            environment = {Jet(n): u[..., i] for i, n in enumerate(names)}
            environment |= {sympy.Symbol("t"): t}
            terms = [jnp.broadcast_to(v, u.shape[:-1]) for v in evaluate(library, environment, jnp)]
            terms = jnp.stack([*terms, jnp.zeros(u.shape[:-1])], axis=-1)
            extra = (terms[..., index] * c).sum(-1)
            out = known_part.at[..., places].add(extra)
            return jnp.where(jnp.abs(u) < bound, out, 0.0)

        size = coefficients.size

        def simulate(v):
            c = (v[:size] * weights).reshape(coefficients.shape) * used
            u0 = records.start if start_known else v[size:].reshape(records.start.shape) * scale
            rows = jnp.broadcast_to(times, (len(values), times.shape[0]))
            return (
                rk4_segments(field, u0, rows, records.params | {"coefficients": c}, substeps),
                u0,
                c,
            )

        def residuals(v):
            states, _, _ = simulate(v)
            if multiplicative:
                misfit = safe_log(states, scale) - jnp.log(data)
            else:
                misfit = (states - data) / noise[:, None]
            return jnp.where(seen, misfit, 0.0).ravel()

        weights = jnp.where(coefficients == 0, 1.0, jnp.abs(coefficients)).ravel()
        start = coefficients.ravel() / weights
        if not start_known:
            start = jnp.concatenate([start, (records.start / scale).ravel()])
        free = jnp.concatenate([used.ravel(), jnp.ones(start.size - size, bool)])
        solved = levenberg_marquardt(residuals, start, free=free, steps=40, tolerance=1e-8)
        _, u0, c = simulate(solved.x)
        return c, u0, 2 * solved.cost

    return jax.jit(jax.vmap(fit, in_axes=(0, 0, None)))
