"""SINDy-RL: a controller learnt inside a sparse model of its plant, and written down as formulas.

From few real steps an ensemble of sparse, control-affine difference equations x′ = x + Ξ θ(x, u) is
fitted; a policy is trained inside their median by PPO; it acts on the plant for an episode, whose
rows join the data; and again (Dyna). The policy is then distilled to a sparse polynomial.

Source: Zolman, Lagemann, Fasel, Kutz & Brunton (2024), arXiv:2403.09110; Fasel et al. (2022),
doi:10.1098/rspa.2021.0904 (ensembles); Schulman et al. (2017), arXiv:1707.06347 (PPO).
"""

ABILITIES = ("forecast", "control", "law")
ACCEPTS = ()


def __getattr__(name: str):
    if name == "MODEL":
        from zoo.models.sindy_rl.model import SindyRL

        return SindyRL
    raise AttributeError(name)
