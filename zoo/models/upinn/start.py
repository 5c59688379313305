"""Where the surrogates of a tuned UPINN begin: their last layer fitted to the new data.

The hidden layers are kept as features; the last layer, in which a surrogate is linear, is solved by
ridge regression on the measurements of its sample.
"""

from typing import TYPE_CHECKING

import numpy as np

from zoo.models.upinn.fields import field_functions
from zoo.models.upinn.residuals import pointwise

if TYPE_CHECKING:
    from zoo.models.upinn.model import UPINN

RIDGE = 1e-3


def fitted_to_data(model: "UPINN", batch: dict) -> dict:
    """The surrogates' weights with new last layers; model: with the statistics of the data."""
    import jax

    s, theta = model.statistics(), model.weights()["surrogate"]
    last = max(theta["layers"], key=int)
    kernel, bias = (np.array(theta["layers"][last][k]) for k in ("kernel", "bias"))
    values, mask = batch["values"], batch["mask"]
    if model.field:
        surrogate, places = field_functions(model.config).states, batch["places"]
    else:
        surrogate = pointwise(model.config).surrogate
        places = np.broadcast_to(batch["times"], values.shape[:2])
        values = np.log(values) if model.config.multiplicative else values

    def with_last(a, kernel, bias):
        return {"layers": a["layers"] | {last: {"kernel": kernel, "bias": bias}}}

    def features(a, p):
        """∂U/∂(last layer of the first state) over its scale, by linearity."""

        def first(k, b):
            return surrogate(with_last(a, k, b), p, s)[0]

        of_k, of_b = jax.grad(first, (0, 1))(np.zeros(kernel.shape[1:]), np.zeros(bias.shape[1:]))
        return of_k[:, 0] / s["scale"][0], of_b[:1] / s["scale"][0]

    with jax.enable_x64(True):
        run = jax.jit(jax.vmap(jax.vmap(features, (None, 0))))
        of_k, of_b = (np.asarray(f) for f in run(theta, places))
    goals, designs = (values - s["center"]) / s["scale"], np.concatenate([of_k, of_b], -1)
    for i, (design, goal, seen) in enumerate(zip(designs, goals, mask, strict=True)):
        for state in range(goal.shape[-1]):
            rows = design * seen[:, state : state + 1]
            gram = rows.T @ rows + RIDGE * np.eye(rows.shape[1])
            found = np.linalg.solve(gram, rows.T @ (goal[:, state] * seen[:, state]))
            kernel[i, :, state], bias[i, state] = found[:-1], found[-1]
    return with_last(theta, kernel, bias)
