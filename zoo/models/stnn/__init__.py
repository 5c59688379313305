"""StNN: a structured network of low complexity that maps a delay window to the next state.

The Hankel operator H = Jᵀ F⁻¹ D̂ F J Ĩ, factorised into sparse levels, is made learnable, with
activations between the factors: O(p n log n) multiplications for p blocks on n entries, O(p n)
numbers. Rolled out, it forecasts; the law of its rollouts is again a System.

Source: Aluvihare, Lingsch, Li & Perera (2025), arXiv:2503.23697.
"""

ABILITIES = ("forecast", "law")
ACCEPTS = ("gaps",)


def __getattr__(name: str):
    if name == "MODEL":
        from zoo.models.stnn.model import StNN

        return StNN
    raise AttributeError(name)
