"""What tuning asks of a step: of shocks, of fields between walls, of flows.

Each kind of model is tuned under the rules it was trained well under: the whole gradient of the
physics for a line, a tenth of it and lessons for Ψ at the end in more dimensions, hardly any for a
decoder that is linear in α, which would give up the fields for it. See docs/phi_rom.md.
"""

from typing import TYPE_CHECKING

import numpy as np

from zoo.models.phi_rom.motions import motions
from zoo.models.phi_rom.rules import Rules

if TYPE_CHECKING:
    from zoo.models.phi_rom.model import PhiROM

LIMIT = 0.03  # of the warm-up: a decoder that has learnt needs none
ALIKE = 0.2  # of decoded fields: how far the image of a field may be from the field of the image
DRILLS = 5  # lessons at most, per step of tuning
LINE = {"points": 32, "stratified": True, "taught": 16, "ahead": 16, "tangent": 0.3}
SPACE = {
    "stratified": True, "snapshots": 500, "taught": 6, "ahead": 6, "mix": True, "pull": 0.1,
    "tangent": 0.3, "rounds": 2, "drills": 3000,
}  # fmt: skip
FLOW = {
    "stratified": True, "points": 128, "taught": 32, "ahead": 32, "pool": 512, "mix": True,
    "share": 0.98, "rounds": 3, "drills": 2000, "lessons": 8192,
}  # fmt: skip
POINTS, PICKED = {2: 32, 3: 128}, {2: 176, 3: 512}  # of SPACE


def rules_for(model: "PhiROM", steps: int) -> Rules:
    """The rules of `steps` updates."""
    config = model.config
    dim = config.equation.dim
    if dim == 1:
        return Rules(limit=LIMIT, **LINE)
    if config.linear:
        return Rules(limit=LIMIT, **(FLOW | {"drills": min(FLOW["drills"], DRILLS * steps)}))
    given = SPACE | {"drills": min(SPACE["drills"], DRILLS * steps)}
    if knows_motions(model):
        given |= {"symmetric": True, "first": "moments"}
    return Rules(limit=LIMIT, points=POINTS[dim], picked=PICKED[dim], **given)


def knows_motions(model: "PhiROM") -> bool:
    """Whether moved latents are decoded to moved fields, as after training under motions: there are
    some that the equation does not notice, and the anchors bear them out."""
    from zoo.models.phi_rom.rollout import fields

    found = motions(model.config)
    if len(found.places) == 1:
        return False
    decoder, some = model.weights()["decoder"], model.statistics()["anchors"][:32]
    places = np.random.default_rng(0).uniform(-1, 1, (256, model.config.equation.dim))
    own = fields(model.config, decoder, places.astype(np.float32), some)
    for place, latent in zip(found.places, found.latents, strict=True):
        moved = fields(
            model.config, decoder, (places @ place.T).astype(np.float32),
            (some @ latent.T).astype(np.float32),
        )  # fmt: skip
        if not np.linalg.norm(moved - own) < ALIKE * np.linalg.norm(own):
            return False
    return True
