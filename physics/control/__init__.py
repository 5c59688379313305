"""Controlled systems: environments, one per file in `environments/`, and adapters to Gymnasium.

>>> import physics.control
>>> physics.control.list_environments()
['cart_pole', 'kuramoto_sivashinsky', 'lorenz', 'pendulum']
"""

from physics.lazy import attributes

_PUBLIC = {
    "Environment": "physics.control.environment",
    "Episode": "physics.control.environment",
    "Symmetry": "physics.control.environment",
    "rollout": "physics.control.environment",
    "OdePlant": "physics.control.ode_plant",
    "FieldPlant": "physics.control.field_plant",
    "Start": "physics.control.ode_plant",
    "get": "physics.control.names",
    "list_environments": "physics.control.names",
    "to_gymnasium": "physics.control.adapters",
    "from_gymnasium": "physics.control.adapters",
}

__all__ = [*_PUBLIC]
__getattr__, __dir__ = attributes(__name__, _PUBLIC)
