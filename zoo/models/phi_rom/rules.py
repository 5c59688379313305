"""How a Φ-ROM is trained besides the Schedule: parts of its loss, and what a step looks at."""

from dataclasses import dataclass

PHYSICS = ("solver", "strong", "none")
FIRST = ("components", "moments")


@dataclass(frozen=True, kw_only=True)
class Rules:
    """share: λ.   snapshots, points: per step for L_rec, points for all of them alike; 0 takes
    all.   stratified: these points are one of every stratum of space instead of any, see `strata`.
    taught: snapshots per step for L_dyn.   picked: grid points for the Jacobian, 0 all.
    level, limit, settle: of the warm-up; limit and settle in shares of the steps.
    pull: share of the gradient of L_dyn that reaches decoder and latents at most.
    tangent: weight of the share of ∂u/∂t that the tangent space cannot follow.
    path: weight of the gap between stored latents and where Ψ takes their neighbours, see `paths`.
    travel: weight of the share of ∂u/∂t that no motion of the whole field makes, see `travelling`.
    same: snapshots that measured the same share one latent, see `same_fields`.
    shoot: weight of the misfit of rollouts from first latents at all frames, see `shooting`.
    ahead: latents per step from rollouts; pool: how many are kept, refresh: steps until they are
    made anew; reach: how far they go, in training horizons; widen: by how much of the range of
    the parameters of the data theirs is wider on either side.   mix: they begin between first
    latents of two trajectories instead of at one.
    first: latents begin as principal "components" of the snapshots or as their "moments".
    symmetric: every step sees the data under a random motion that the equation does not notice,
    see `motions`; latents begin as moments then.
    rounds, drills, lessons: how Ψ is taught alone at the end, see `lessons`: rounds, and steps and
    states of each.
    physics: "solver"; or, as baselines, "strong", derivatives of the decoder instead (PINN-ROM), or
    "none", where Ψ is fitted to the stored latents (DINo), of as many `trajectories` per step, 0
    for all.
    """

    share: float = 0.5
    snapshots: int = 0
    points: int = 0
    stratified: bool = False
    taught: int = 32
    picked: int = 0
    level: float = 0.03
    limit: float = 0.3
    settle: float = 0.1
    pull: float = 1.0
    tangent: float = 0.0
    path: float = 0.0
    travel: float = 0.0
    shoot: float = 0.0
    same: bool = False
    ahead: int = 0
    pool: int = 256
    refresh: int = 50
    reach: float = 2.0
    widen: float = 0.1
    ridge: float = 1e-6
    latent_rate: float = 1.0
    decay: float = 1e-4
    mix: bool = False
    first: str = "components"
    symmetric: bool = False
    rounds: int = 0
    drills: int = 2000
    lessons: int = 4096
    physics: str = "solver"
    trajectories: int = 0

    def __post_init__(self):
        if self.physics not in PHYSICS:
            raise ValueError(f"physics is one of {', '.join(PHYSICS)}, not {self.physics!r}")
        if self.first not in FIRST:
            raise ValueError(f"first is one of {', '.join(FIRST)}, not {self.first!r}")
        if self.symmetric and self.first != "moments":
            raise ValueError('symmetric=True needs first="moments", whose motions are known')
