"""How a released controller is made: built, trained, distilled, judged."""

from dataclasses import dataclass
from typing import Any

from zoo.models.sindy_rl.config import Training

TOLERANCE = 5.0  # of returns, which differ between machines


@dataclass(frozen=True, kw_only=True)
class Making:
    """environment: name of one.   options: of the model.   distilling: see SindyRL.distil.
    limits: what the card says of where the controller holds."""

    environment: str
    options: dict[str, Any]
    distilling: dict[str, Any]
    limits: str

    def build(self, seed: int = 0) -> tuple[Any, Any]:
        """(untrained model, environment)."""
        import zoo
        from physics import control

        model = zoo.create("sindy-rl", self.environment, seed=seed, **self.options)
        return model, control.get(self.environment)

    def train(self, schedule: Training, **run: Any) -> Any:
        """The trained model, its policy distilled."""
        model, environment = self.build(schedule.seed)
        trained = model.fit(environment, schedule, **run)
        return trained.distil(environment=environment, seed=schedule.seed, **self.distilling)

    def evaluate(self, model: Any) -> dict[str, dict]:
        """Returns of network and formula on the plant, and one step of the surrogate."""
        from zoo.models.sindy_rl.judging import judged

        return judged(model, TOLERANCE)

    def card(self, model: Any) -> dict[str, Any]:
        """What else stands on the card."""
        from physics import control
        from zoo.models.sindy_rl.judging import formulas

        return {
            "systems": [control.get(self.environment).system.to_json()],
            "law": model.dynamics().to_json(),
            "extra": {"formulas": formulas(model), "distilled": model.distilled},
            "limits": self.limits,
        }
