"""How a Φ-ROM is trained besides the Schedule: parts of its loss, and what a step looks at."""

from dataclasses import dataclass

PHYSICS = ("solver", "strong", "none")


@dataclass(frozen=True, kw_only=True)
class Rules:
    """share: λ.   snapshots, points: per step for L_rec, points for all of them alike; 0 takes
    all.   taught: snapshots per step for L_dyn.   picked: grid points for the Jacobian, 0 all.
    level, limit, settle: of the warm-up; limit and settle in shares of the steps.
    tangent: weight of the share of ∂u/∂t that the tangent space cannot follow.
    ahead: latents per step from rollouts; pool: how many are kept, refresh: steps until they are
    made anew; reach: how far they go, in training horizons; widen: by how much of the range of
    the parameters of the data theirs is wider on either side.
    physics: "solver"; or, as baselines, "strong", derivatives of the decoder instead (PINN-ROM), or
    "none", where Ψ is fitted to the stored latents (DINo).
    """

    share: float = 0.5
    snapshots: int = 0
    points: int = 0
    taught: int = 32
    picked: int = 0
    level: float = 0.03
    limit: float = 0.3
    settle: float = 0.1
    tangent: float = 0.0
    ahead: int = 0
    pool: int = 256
    refresh: int = 50
    reach: float = 2.0
    widen: float = 0.1
    ridge: float = 1e-6
    latent_rate: float = 1.0
    decay: float = 1e-4
    physics: str = "solver"

    def __post_init__(self):
        if self.physics not in PHYSICS:
            raise ValueError(f"physics is one of {', '.join(PHYSICS)}, not {self.physics!r}")
