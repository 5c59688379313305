"""From numbers back to equations: discovery, export and checking of laws.

A discovered law is again a `physics.System` (or a `Formula`): "System in, System out".
"""

from importlib import import_module

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


def __getattr__(name: str):
    if name in _PUBLIC:
        value = getattr(import_module(_PUBLIC[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'symbolic' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
