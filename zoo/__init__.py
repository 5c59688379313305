"""The front door: load a pretrained model, fine-tune it on your data, read off the law.

>>> import zoo
>>> "upinn" in zoo.list_models(pretrained=False)
True
"""

from physics.lazy import attributes

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
__getattr__, __dir__ = attributes(__name__, _PUBLIC)
