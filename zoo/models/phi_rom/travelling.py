"""What nobody sees travels rather than changes shape.

Between sensors a shock may be as wide as it likes at first: the equation steepens it before the
next sensor sees it, so that neither data nor equation object, and what is left of its width by then
is less than the decoder errs. Asked for is a field that moves as a whole and changes smoothly:

    min over c, s of ‖r + c·∇u − s‖ / ‖r‖,   r = ∂u/∂t of the solver,

with one velocity c per field and polynomials s of each coordinate, of `DEGREE` at most. Without s a
source would be called a change of shape, and the field bent until it is none. The denominator is
detached, as a field is not to be liked for being faster.
"""

from typing import Any

from zoo.models.phi_rom.config import Config
from zoo.models.phi_rom.decoders import decode, features

DEGREE = 4
RIDGE = 1e-6


def unsteady(config: Config, weights: dict, latent: Any, places: Any, change: Any) -> Any:
    """The share of ∂u/∂t that is neither motion of the whole field nor smooth, 0 of a travelling
    wave.

    places: (point, dim), scaled.   change: (point, channel), ∂u/∂t there, any unit.
    """
    import jax
    import jax.numpy as jnp

    def field(x):
        return decode(config, weights, features(config, weights, x), latent)

    def along(axis):
        return jax.jvp(field, (places,), (jnp.broadcast_to(axis, places.shape),))[1]

    (points, dim), channels = places.shape, change.shape[1]
    slopes = jax.vmap(along, out_axes=-1)(jnp.eye(dim, dtype=places.dtype))
    own = jnp.eye(channels, dtype=places.dtype)
    apart = jnp.einsum("ps,cd->pcds", smooth(places), own).reshape(points, channels, -1)
    rows = jnp.concatenate([slopes, apart], -1).reshape(points * channels, -1)
    rows = rows / jnp.sqrt((rows**2).sum(0) + 1e-12)
    goal = change.reshape(-1)
    gram = rows.T @ rows + RIDGE * jnp.eye(rows.shape[1], dtype=rows.dtype)
    gap = goal - rows @ jnp.linalg.solve(gram, rows.T @ goal)
    size = jax.lax.stop_gradient(jnp.sqrt((goal**2).sum() + 1e-20))
    return jnp.sqrt((gap**2).sum() + 1e-20) / size


def smooth(places: Any) -> Any:
    """(point, 1 + dim · DEGREE): one, and Legendre polynomials of each coordinate, places (point,
    dim) within −1 … 1."""
    import jax.numpy as jnp

    found = [jnp.ones_like(places), places]
    for n in range(1, DEGREE):
        found.append(((2 * n + 1) * places * found[-1] - n * found[-2]) / (n + 1))
    return jnp.concatenate([found[0][:, :1], *found[1:]], -1)
