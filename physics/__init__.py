"""What the world does: equations written once, and everything that is derived from them.

>>> import physics
>>> physics.get("lorenz63").state_names
('x', 'y', 'z')
"""

from physics.lazy import attributes

_PUBLIC = {
    "System": "physics.system",
    "State": "physics.symbols",
    "Parameter": "physics.symbols",
    "Control": "physics.symbols",
    "Formula": "physics.formula",
    "Jet": "physics.jets",
    "Box": "physics.domain",
    "Grid": "physics.grid",
    "Condition": "physics.boundary",
    "parse": "physics.parser",
    "parse_expression": "physics.parser",
    "ParseError": "physics.parser",
    "check_units": "physics.units",
    "get": "physics.catalogue",
    "list_systems": "physics.catalogue",
    "rhs": "physics.lower",
    "stepper": "physics.schemes",
    "rollout": "physics.integrate.marching",
    "flux_form": "physics.conservation",
    "Stream": "physics.streams.stream",
    "solve": "physics.solution",
    "generate": "physics.data.archive",
    "FailedRun": "physics.failures",
    "BlowUp": "physics.failures",
    "calibrate": "physics.calibration",
    "load": "physics.data",
    "save": "physics.data",
}

__all__ = [*_PUBLIC]
__getattr__, __dir__ = attributes(__name__, _PUBLIC)
