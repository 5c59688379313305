"""Where a typed equation lives that does not say so: where the model that is tuned to it does.

An equation alone has no initial law, and the box that `physics.parse` gives for want of one.
Nothing could be simulated of it; its domain, walls and initial fields are those of the model's
equation, as are ranges of the parameters that the model sees and the equation gives a value only.
"""

import dataclasses

from physics.domain import Box
from physics.language.walls import symbols
from physics.parser import DEFAULT_LENGTH
from physics.system import System


def housed(system: System, known: System, seen: tuple[str, ...]) -> System:
    """`system` with what it leaves open taken from `known`; seen: parameters that vary."""
    own = {p.name: p for p in system.parameters}
    for name in set(seen) & set(own):
        mine, theirs = own[name], known.parameter(name)
        ranges = (theirs.low, theirs.high)
        if (mine.low, mine.high) == (None, None) and None not in ranges:
            if ranges[0] <= mine.value <= ranges[1]:
                own[name] = dataclasses.replace(mine, low=theirs.low, high=theirs.high)
    system = dataclasses.replace(system, parameters=tuple(own.values()))
    told = system.initial is not None or system.domain is None
    if told or system.state_names != known.state_names:
        return system
    nowhere = Box(low=(0.0,) * system.dim, high=(DEFAULT_LENGTH,) * system.dim)
    if system.domain == nowhere and not system.boundary:
        walls = symbols(known.boundary) - set(own)
        own |= {p.name: p for p in known.parameters if p.name in walls}
        return dataclasses.replace(
            system, domain=known.domain, boundary=known.boundary, initial=known.initial,
            parameters=tuple(own.values()),
        )  # fmt: skip
    if system.domain == known.domain:
        return dataclasses.replace(system, initial=known.initial)
    return system
