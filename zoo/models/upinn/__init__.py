"""UPINN: a physics-informed network with a hidden term, u' = F(u) + G(u) with F known.

A surrogate U(t) per trajectory and one hidden-term network G, shared by all trajectories, are
trained jointly on initial conditions, sparse noisy data and the residual of the known part of a
System. No ODE is solved in training. What G has learnt becomes a Formula, and
`known.complete(hidden=formula)` is again a System.

Source: Podina, Eastman & Kohandel (2023), Universal Physics-Informed Neural Networks,
arXiv:2212.04630.
"""

ABILITIES = ("reconstruct", "forecast", "law")
ACCEPTS = ("gaps",)


def __getattr__(name: str):
    if name == "MODEL":
        from zoo.models.upinn.model import UPINN

        return UPINN
    raise AttributeError(name)
