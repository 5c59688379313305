"""Φ-ROM: a reduced-order model whose latent dynamics is taught by a differentiable solver.

A decoder D(x, α) is a network of coordinates and a latent vector; dα/dt = Ψ(α, β) moves the latent,
β the parameters of the equation. The solver's ∂u/∂t of a decoded field, projected onto the tangent
space of the decoder, says how α has to move; the gradient of that loss goes through Ψ, projection,
solver and decoder. The equation is any `System`. There is no encoder: a latent is fitted to what
was measured, on a grid or at scattered points, at one time or over a window of times.

Source: Φ-ROM (2025), arXiv:2505.14595; decoder with filters: DINo (2023), arXiv:2209.14855.
"""

ABILITIES = ("forecast", "reconstruct", "encode", "law")
ACCEPTS = ("grid", "points", "gaps")


def __getattr__(name: str):
    if name == "MODEL":
        from zoo.models.phi_rom.model import PhiROM

        return PhiROM
    raise AttributeError(name)
