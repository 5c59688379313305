"""From numbers back to equations: discovery, export and checking of laws.

A discovered law is again a `physics.System` (or a `Formula`): "System in, System out".
"""

from physics.lazy import attributes

_PUBLIC = {
    "discover": "symbolic.discovery",
    "discover_hidden": "symbolic.hidden",
    "formula_of": "symbolic.hidden",
    "Fitted": "symbolic.graybox",
    "Discovery": "symbolic.result",
    "export": "symbolic.exporters",
    "list_targets": "symbolic.exporters",
    "check": "symbolic.agreement",
    "Check": "symbolic.agreement",
    "same_law": "symbolic.equivalence",
    "Comparison": "symbolic.equivalence",
    "snap": "symbolic.snapping",
    "Snapped": "symbolic.snapping",
    "check_dimensions": "symbolic.dimensions",
    "Dimensions": "symbolic.dimensions",
    "list_engines": "symbolic.engines",
    "EngineUnavailable": "symbolic.engines",
}

__all__ = [*_PUBLIC]
__getattr__, __dir__ = attributes(__name__, _PUBLIC)
