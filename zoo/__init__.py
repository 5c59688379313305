"""The front door: load a pretrained model, fine-tune it on your data, read off the law.

>>> import zoo
>>> "upinn" in zoo.list_models(pretrained=False)
True
"""

from importlib import import_module

_PUBLIC = {
    "Model": "zoo.model",
    "Unsupported": "zoo.model",
    "list_models": "zoo.registry",
    "list_recipes": "zoo.registry",
    "load": "zoo.loading",
    "save": "zoo.loading",
    "create": "zoo.loading",
    "finetune": "zoo.finetuning",
    "explain": "zoo.explaining",
    "train": "zoo.releasing",
    "verify": "zoo.releasing",
    "doctor": "zoo.health",
    "demo": "zoo.demonstration",
    "Schedule": "zoo.training.schedule",
    "Interrupted": "zoo.training.loop",
}

__all__ = [*_PUBLIC]


def __getattr__(name: str):
    if name in _PUBLIC:
        value = getattr(import_module(_PUBLIC[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'zoo' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
