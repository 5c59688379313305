"""What an StNN is made of, as JSON, and what that costs: numbers and multiplications."""

from dataclasses import dataclass

from physics import arguments
from zoo.layers.network_forecaster import NetworkConfig
from zoo.layers.windows import flag
from zoo.models.stnn import costs

ACTIVATIONS = ("identity", "tanh", "sigmoid", "relu", "leaky-relu", "sine")
RADICES = (0, 2, 4, 8)
LARGE = 128  # entries from which radix 8 with leaves of 32 is the fastest, see docs/stnn.md
MOST_ENTRIES, MOST_BLOCKS = 2**16, 1000


@dataclass(frozen=True, kw_only=True)
class Config(NetworkConfig):
    """blocks: p parallel blocks.   share_blocks: one set of factors, only biases differ.
    activations: after the transform, after the back-transform and after the flip.
    radix, leaf: how the butterflies are computed, not what they are: levels per pass (2, 4 or 8)
    and the size below which they run as one matrix product; 0 takes what was measured fastest.
    """

    blocks: int = 4
    share_blocks: bool = False
    activations: tuple[str, ...] = ("tanh", "tanh", "identity")
    radix: int = 0
    leaf: int = 0

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "blocks", arguments.whole(self.blocks, "blocks", 1, MOST_BLOCKS))
        object.__setattr__(self, "share_blocks", flag(self.share_blocks, "share_blocks"))
        names = arguments.names(self.activations, "activations")
        object.__setattr__(self, "activations", names)
        if len(names) != 3 or not set(names) <= set(ACTIVATIONS):
            raise ValueError(
                f"activations are three of {', '.join(ACTIVATIONS)}, not {', '.join(names)}"
            )
        for name in ("radix", "leaf"):
            object.__setattr__(self, name, arguments.whole(getattr(self, name), name, 0))
        if self.radix not in RADICES:
            raise ValueError(f"radix is one of {RADICES}, not {self.radix!r}")
        if self.leaf not in (0, *(2**k for k in range(1, 17))):
            raise ValueError(f"leaf is 0 or a power of 2 from 2, not {self.leaf!r}")
        if self.n > MOST_ENTRIES:
            raise ValueError(f"a window of {self.entries} numbers is too long; use a shorter one")

    @property
    def n(self) -> int:
        """Entries of a block: the window's numbers, padded in front to a power of 2 from 4."""
        return costs.entries_of_a_block(self.window, len(self.states))


def passes(config: Config) -> tuple[int, int]:
    """(radix, leaf) that a configuration is computed with."""
    radix, leaf = (8, 32) if config.n >= LARGE else (2, 2)
    return config.radix or radix, config.leaf or leaf


def parameter_count(config: Config) -> int:
    """Trained numbers of a configuration; see `costs`."""
    return costs.parameter_count(
        config.n, config.blocks, share_blocks=config.share_blocks,
        environments=config.environments, linear=linear_count(config),
    )  # fmt: skip


def multiplication_count(config: Config) -> int:
    """Real multiplications per step; see `costs`."""
    return costs.multiplication_count(config.n, config.blocks, linear=linear_count(config))


def dense_count(config: Config) -> int:
    """Weights of the dense network of the same widths."""
    return costs.dense_count(config.n, config.blocks)


def linear_count(config: Config) -> int:
    """Numbers of the linear part."""
    return config.entries * len(config.states) if config.linear else 0
