"""explain: the law of a model, or of data."""

from pathlib import Path
from typing import Any

from zoo.model import Model


def explain(what: Any, data: Any = None, engine: str = "auto", **options: Any):
    """The symbolic.Discovery of a model (with the data to judge candidates on) or of data alone.

    what: a Model, the name or folder of one, or a Dataset.   engine: "auto", "sindy", "operon".
    `.best` is a System, a Formula, or None with `.reason`.
    """
    import symbolic

    if isinstance(what, str | Path):
        from zoo.loading import load

        what = load(what)
    if isinstance(what, Model):
        return what.law(data, engine=engine, **options)
    return symbolic.discover(what, engine=engine, **options)
