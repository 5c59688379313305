"""From a trained UPINN of a PDE to a law: candidates judged with the surrogate's own uncertainty.

The open residual r = ∂U/∂t − F(U) is a noisy view of the hidden term: U is uncertain where no
measurement pins it. With J the derivative of all residuals (equation and data) in the weights θ
of U and α their prior precision, r − Jθ has covariance A = I + J Jᵀ/α, so the coefficients of any
set of terms follow by generalised least squares, and all sets up to four terms per equation are
tried. The extended BIC decides; the winner's coefficients are then fitted together with the
surrogates.

Source: Aitken (1936), doi:10.1017/S0370164600014346; Chen & Chen (2008),
doi:10.1093/biomet/asn034.
"""

import math
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray

from physics import arguments
from zoo.models.upinn.field_refit import TOLERANCE, refit, term_values
from zoo.models.upinn.naming import apart_from

if TYPE_CHECKING:
    from zoo.models.upinn.model import UPINN

MOST_TERMS = 4
UNTRAINED = 0.5
LEAST_EXPLAINED = 0.5


class Whitened(NamedTuple):
    """Rows of equal, independent errors: goal (rows,), columns (rows, outputs, terms)."""

    goal: np.ndarray
    columns: np.ndarray
    measured: int
    misfit: float


class Choice(NamedTuple):
    """terms, coefficients: per output.   squares: what is left.   criterion: smaller is better."""

    terms: tuple[tuple[int, ...], ...]
    coefficients: tuple[np.ndarray, ...]
    squares: float
    criterion: float


def library_of(model: "UPINN", library: Any, degree: int) -> list:
    """The candidate terms in the model's own symbols; default: monomials of the inputs."""
    from symbolic.library import polynomials, read

    symbols = model.config.symbols
    if library is not None:
        return read(library, symbols)
    return polynomials(list(symbols.values()), arguments.whole(degree, "degree", 1, 6))


def whiten(model: "UPINN", batch: dict, library: list) -> Whitened:
    """The generalised least-squares problem of the hidden term."""
    import jax
    import jax.numpy as jnp
    from jax.flatten_util import ravel_pytree

    from zoo.models.upinn.evidence import Tightening
    from zoo.models.upinn.field_evidence import linearised
    from zoo.models.upinn.fields import all_field_residuals, field_functions

    config, s, weights = model.config, model.statistics(), model.weights()
    functions, rules = field_functions(config), Tightening()
    tolerance, prior, sigma = TOLERANCE, rules.surrogate_alpha, float(s["sigma"][0])
    outputs = [config.system.state_names.index(o) for o in config.outputs]
    terms = term_values(config, library)

    def problem(weights, batch):
        unravel = (
            ravel_pytree(jax.tree.map(lambda a: a[0], weights["surrogate"]))[1],
            ravel_pytree(weights["hidden"])[1],
        )
        th = jax.vmap(lambda tree: ravel_pytree(tree)[0])(weights["surrogate"])
        ph = ravel_pytree(weights["hidden"])[0]
        of_u, of_data, _ = linearised(functions, unravel, th, ph, batch)
        of_u = jnp.concatenate([of_u / tolerance, of_data / sigma], 1)
        misfit = all_field_residuals(functions, weights, batch, s)[1]

        def point(theta, p, own):
            left, jets = functions.open_residual(theta, p, own, s)
            return left / s["rate"], terms(jets)

        over = jax.vmap(jax.vmap(point, (None, 0, None)), (0, None, 0))
        left, values = over(weights["surrogate"], batch["points"], batch["params"])
        count = len(th)
        rows = [left.reshape(count, -1) / tolerance, misfit.reshape(count, -1) / sigma]
        goal = jnp.concatenate(rows, 1) - jnp.einsum("nrp,np->nr", of_u, th)
        places = jnp.eye(len(config.system.state_names))[jnp.array(outputs)]
        scaled = places[:, None] / (s["rate"] * tolerance)  # (outputs, 1, d)
        columns = jnp.einsum("nct,oqd->ncdot", values, scaled)
        columns = columns.reshape(count, -1, len(outputs), len(library))
        columns = jnp.pad(columns, ((0, 0), (0, rows[1].shape[1]), (0, 0), (0, 0)))
        factors = jnp.linalg.cholesky(
            jnp.eye(of_u.shape[1]) + of_u @ of_u.transpose(0, 2, 1) / prior
        )
        solve = jax.vmap(lambda f, g: jax.scipy.linalg.solve_triangular(f, g, lower=True))
        flat = solve(factors, columns.reshape(*columns.shape[:2], -1))
        return solve(factors, goal[..., None])[..., 0], flat.reshape(columns.shape), misfit

    goal, columns, misfit = (np.asarray(a) for a in jax.jit(problem)(weights, batch))
    measured = int(batch["mask"].sum())
    return Whitened(
        goal.ravel(), columns.reshape(-1, len(outputs), len(library)), measured,
        math.sqrt(float((misfit**2).sum()) / measured),
    )  # fmt: skip


def best_sets(problem: Whitened, most: int = MOST_TERMS) -> list[Choice]:
    """The best choice of every total size, by size; outputs in turn until none changes."""
    from symbolic.graybox import propose

    outputs, library = problem.columns.shape[1:]
    total = float(problem.goal @ problem.goal)
    found: dict[tuple, Choice] = {}
    current: list[tuple[int, ...]] = [()] * outputs

    def fit(sets) -> Choice:
        columns = [problem.columns[:, o, t] for o, terms in enumerate(sets) for t in terms]
        left, values = total, np.zeros(0)
        if columns:
            design = np.stack(columns, -1)
            values, *_ = np.linalg.lstsq(design, problem.goal, rcond=None)
            left = float(((problem.goal - design @ values) ** 2).sum())
        size, rows = len(values), problem.measured
        criterion = rows * math.log(left / rows) + size * math.log(rows)
        criterion += 2 * sum(math.log(math.comb(library, len(terms))) for terms in sets)
        splits = np.split(values, np.cumsum([len(t) for t in sets])[:-1])
        return Choice(tuple(sets), tuple(splits), left, criterion)

    for _ in range(4):
        before = list(current)
        for o in range(outputs):
            others = fit([terms if i != o else () for i, terms in enumerate(current)])
            goal = problem.goal.copy()
            for i, terms in enumerate(others.terms):
                for t, value in zip(terms, others.coefficients[i], strict=True):
                    goal -= value * problem.columns[:, i, t]
            trials = propose(problem.columns[:, o], goal, np.ones(len(goal)), most)
            for trial in trials:
                choice = fit([*current[:o], trial.terms, *current[o + 1 :]])
                found[choice.terms] = choice
            options = [c for c in found.values() if c.terms[:o] == tuple(current[:o])
                       and c.terms[o + 1 :] == tuple(current[o + 1 :])]  # fmt: skip
            current[o] = min(options, key=lambda c: c.criterion).terms[o]
        if current == before:
            break
    front: dict[int, Choice] = {}
    for choice in found.values():
        size = sum(map(len, choice.terms))
        if size not in front or choice.criterion < front[size].criterion:
            front[size] = choice
    return [front[size] for size in sorted(front)]


def discover_field_law(
    model: "UPINN", data: xarray.Dataset, *, library: Any = None, degree: int = 3, seed: int = 0
) -> Any:
    """The Discovery of a UPINN of a PDE, judged on the measurements."""
    import jax

    from symbolic.graybox import Fitted
    from symbolic.hidden import formula_of, simplest
    from symbolic.library import complexity
    from symbolic.result import Candidate, Discovery
    from zoo.models.upinn import field_problem

    config, known = model.config, model.config.system
    terms = library_of(model, library, degree)
    with jax.enable_x64(True):
        batch = field_problem.read(config, data, seed)
        if len(batch["values"]) != config.trajectories:
            raise ValueError(
                f"the model has {config.trajectories} surrogates, the data "
                f"{len(batch['values'])} samples; give the data it was trained on"
            )
        batch["statistics"] = model.statistics()
        problem = whiten(model, batch, terms)
        choices = best_sets(problem)
        front = {
            sum(map(len, c.terms)): Fitted(
                c.terms, c.coefficients, np.zeros(0),
                math.sqrt(c.squares / len(problem.goal)), c.criterion,
            )
            for c in choices
        }  # fmt: skip
        winner = simplest(front)
        refusal = _why_not(problem, choices, winner)
        if not refusal:
            choice = next(c for c in choices if c.terms == winner.terms)
            refined = winner._replace(coefficients=refit(model, batch, terms, choice))
            front = {size: refined if f is winner else f for size, f in front.items()}
            winner = refined
    candidates = []
    for fitted in front.values():
        hidden = apart_from(known, formula_of(fitted, terms, config.outputs, config.inputs))
        candidates.append(
            Candidate(
                law=known.complete(hidden, name=f"{known.name}_law"), engine="hidden",
                complexity=sum(complexity(e) for e in hidden.expressions.values()),
                terms={o: len(t) for o, t in zip(config.outputs, fitted.terms, strict=True)},
                error=fitted.misfit, resimulated=fitted.misfit, hidden=hidden,
            )
        )  # fmt: skip
    return Discovery(
        candidates=tuple(candidates),
        chosen=None if refusal else list(front.values()).index(winner),
        reason=refusal or "fewest terms whose extended BIC on the data is not positively worse",
        method=(
            f"best subsets of {len(terms)} terms by generalised least squares on the open residual "
            "of the surrogates; the chosen one fitted together with them"
        ),
        seed=seed,
        versions={p: version(p) for p in ("jax", "sympy")},
    )


def _why_not(problem: Whitened, choices: list[Choice], winner: Any) -> str:
    """Empty if the winner is good enough, else why no law is given."""
    if problem.misfit > UNTRAINED:
        return (
            f"the surrogates miss the data by {problem.misfit:.2g} of their spread: the model is "
            f"not trained on them"
        )
    if not any(winner.terms):
        return "the known part alone describes the data best; there is nothing hidden to name"
    nothing = next(c for c in choices if not any(c.terms))
    left = next(c for c in choices if c.terms == winner.terms).squares
    if left > LEAST_EXPLAINED**2 * nothing.squares:
        return (
            f"the best terms leave {math.sqrt(left / nothing.squares):.0%} of what the known part "
            f"does not explain: the hidden term is not among them"
        )
    return ""
