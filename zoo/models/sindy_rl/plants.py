"""Plants: the environment that a name or a System stands for, and its reward where it is known."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from physics.control.adapters import HostEnvironment
from physics.control.environment import Environment
from physics.control.ode_plant import OdePlant
from physics.system import System
from zoo.model import Unsupported

if TYPE_CHECKING:
    from zoo.models.sindy_rl.model import SindyRL


def plant_of(model: "SindyRL", target: Any) -> Environment | HostEnvironment:
    """The environment that `target` stands for: itself, a name, or the model's own one with the
    System `target` in it.

    A System of the same states and controls takes the place of the one there; one of the same name
    without controls, as the catalogue gives it, lends its parameters' values.
    Raises ValueError for a System of another kind, Unsupported for data.
    """
    from physics.control.names import get

    if isinstance(target, Environment | HostEnvironment):
        return target
    if isinstance(target, str):
        return get(target)
    if not isinstance(target, System):
        raise Unsupported(
            "family 'sindy-rl' is tuned on a plant that it acts on, not on data: give an "
            "environment of physics.control or a controlled System"
        )
    if not model.config.environment:
        raise ValueError("this model's plant is a host's; give that environment")
    own = get(model.config.environment)
    plant = own.plant
    if not isinstance(plant, OdePlant):
        raise ValueError(f"environment {own.name!r} takes no other System; give an environment")
    system = own.system
    if target.state_names != system.state_names:
        raise ValueError(
            f"{target.name!r} has the states {', '.join(target.state_names)}, the plant of this "
            f"model {', '.join(system.state_names)}"
        )
    if [c.name for c in target.controls] == [c.name for c in system.controls]:
        system = target
    elif target.name == system.name and not target.controls:
        shared = {n: v for n, v in target.values.items() if n in system.values}
        system = system.with_values(**shared)
    else:
        raise ValueError(
            f"{target.name!r} needs the controls {', '.join(c.name for c in system.controls)}"
        )
    other = OdePlant(
        system, plant.measured, plant.start, dt=plant.interval, substeps=plant.substeps
    )
    return replace(own, plant=other)


def opened(environment: Any) -> Environment | HostEnvironment:
    """An environment, or the one of that name."""
    if isinstance(environment, Environment | HostEnvironment):
        return environment
    from physics.control.names import get

    return get(environment)


def known_reward(environment: Any) -> Any:
    """reward(x, u, x′) of an environment whose reward needs nothing but what is observed."""
    if not isinstance(environment, Environment):
        raise ValueError("the reward of a host environment is not known; known_reward=False")
    index = {n: i for i, n in enumerate(environment.observed)}
    missing = set(environment.reward.inputs) - set(index) - set(environment.controls)
    if missing:
        raise ValueError(
            f"the reward of {environment.name!r} needs {sorted(missing)[0]!r}, which is not "
            f"observed; known_reward=False"
        )
    from physics.control.environment import formula_values

    def known(x, u, after):
        told = after if environment.rewarded == "after" else x
        names = environment.observed
        return formula_values(environment.reward, names, told, environment.controls, u)[0]

    return known
