"""explain: the law of a model, or of data."""

from pathlib import Path
from typing import Any

from zoo.model import Model


def explain(what: Any, data: Any = None, engine: str = "auto", **options: Any):
    """The symbolic.Discovery of a model (with the data to judge candidates on) or of data alone.

    what: a Model, the name or folder of one, a Dataset, or a file of data (physics.load).
    data: a Dataset or such a file.   engine: "auto", "sindy", "operon".
    `.best` is a System, a Formula, or None with `.reason`. The constants of an ODE found in data
    are fitted to them through the ODE (`.method` says so), with `.initial` states beside them.
    """
    import symbolic

    what, data = _read(what), _read(data)
    if isinstance(what, str | Path):
        from zoo.loading import load

        what = load(what)
    if isinstance(what, Model):
        return what.law(data, engine=engine, **options)
    if data is not None:
        raise ValueError("the first argument is data already; give a model before the data")
    return symbolic.discover(what, engine=engine, **{**_tuning(what), **options})


def _read(what: Any) -> Any:
    """The Dataset of a file or a shipped record; anything else as it is."""
    import physics
    from physics.data import is_data

    path = isinstance(what, str | Path)
    return physics.load(what) if path and is_data(what, nearly=True) else what


def _tuning(data: Any) -> dict[str, bool]:
    """tune=True for trajectories, whose law may be an ODE."""
    from symbolic.requests import pointed
    from symbolic.spacetime.reading import spatial

    return {} if data is None or pointed(data) or spatial(data) else {"tune": True}
