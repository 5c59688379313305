"""generate: large data sets, simulated chunk by chunk into a Zarr store that can be resumed."""

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from physics import arguments
from physics.failures import FailedRun

if TYPE_CHECKING:
    import xarray

    from physics.system import System

MEMORY = 2**28  # bytes of the states of one chunk
MOST = 1024  # trajectories of one chunk


def generate(
    system: "System",
    path: "str | os.PathLike",
    *,
    samples: int,
    seed: int = 0,
    chunk: int | None = None,
    times: Any = None,
    resolution: int | Sequence[int] | None = None,
    vary: Sequence[str] = (),
    part: tuple[int, int] = (0, 1),
    progress: bool = True,
    **keywords: Any,
) -> "xarray.Dataset":
    """Simulate `samples` trajectories of `system` into the Zarr store `path` ("….zarr").

    Initial states and parameters are those of `physics.solve` with the same samples, seed and vary;
    each depends on the seed and the number of its trajectory alone.
    The work goes in chunks of `chunk` trajectories (default: as many as fit in 256 MB, at most
    1024). A chunk is marked as finished when all of it is on the disk: a call with the same
    arguments goes on where the last one was stopped, killed or cut off, and leaves alone what is
    there. The step of a PDE is chosen for each chunk, unless `dt` is given.
    part: (i, n): do the i-th of n shares, i = 0 … n − 1; processes with different i may run at the
    same time on one store.   progress: show a bar, or plain lines where there is no terminal.
    keywords: as of `physics.solve` (initial, parameters, controls, scheme, dt, rtol, precision, …).

    Trajectories that blow up, or need too many steps, are NaN and marked in the variable
    `failed(sample)`; `finished(sample)` marks what is done.
    Returns the store, opened as `physics.load` does: read from the disk when used.
    Raises ValueError for bad input, for a store begun with other arguments and for a path that
    cannot be written, FailedRun where the disk gives up later.
    """
    from physics.data.progress import Progress
    from physics.data.store import begun_chunk, open_or_create
    from physics.data.trajectories import Trajectories

    arguments.system(system)
    samples = arguments.whole(samples, "samples", 1)
    seed = arguments.whole(seed, "seed", 0)
    chunk = None if chunk is None else min(arguments.whole(chunk, "chunk", 1), samples)
    share = _part(part)
    place = arguments.path(path, "the target")
    if place.suffix != ".zarr":
        raise ValueError(f"generate writes Zarr stores: end the name {str(place)!r} in .zarr")
    keywords = {"resolution": resolution} | keywords
    vary = arguments.names(vary, "vary")
    trajectories = Trajectories(system, samples, seed, times, vary, keywords)
    chunk = chunk or begun_chunk(place) or _fitting(trajectories)
    store = open_or_create(place, trajectories, trajectories.record | {"chunk": chunk})
    regions = range(-(-samples // chunk))[share[0] :: share[1]]
    with Progress(place.name, sum(_size(store, r) for r in regions), progress) as bar:
        _fill(store, trajectories, regions, bar)
    return _opened(place)


def _fill(store, trajectories, regions, bar) -> None:
    """Simulate and write what is missing of `regions`."""
    done, failed, told = 0, 0, set()
    try:
        for region in regions:
            if not store.has(region):
                states, lost = trajectories.simulate(*store.bounds(region))
                store.write(region, states, lost)
                for note in trajectories.notes:
                    if _kind(note) not in told:
                        bar.say(f"note: {note}")
                        told.add(_kind(note))
                trajectories.notes.clear()
            done += _size(store, region)
            failed += store.failed(region)
            bar.update(done, f"{failed} failed" if failed else "")
    except KeyboardInterrupt:
        bar.say(
            f"stopped: {int(store.finished().sum())} of {store.samples} trajectories are in "
            f"{str(store.path)!r}; the same call again makes the others"
        )
        raise
    except OSError as error:
        raise FailedRun(
            f"cannot write to {str(store.path)!r}: {error.strerror or error}; what is finished is "
            f"kept: make room and give the same call again"
        ) from None


def _kind(note: str) -> str:
    """The note without its numbers: of each kind, one is shown."""
    return "".join(c for c in note.split(";")[0] if not (c.isdigit() or c in ".-+e%"))


def _size(store, region: int) -> int:
    first, end = store.bounds(region)
    return end - first


def _fitting(trajectories) -> int:
    """Trajectories per chunk: a power of two that fits in MEMORY."""
    most = max(1, min(MOST, MEMORY // max(trajectories.bytes, 1)))
    return min(2 ** (most.bit_length() - 1), trajectories.samples)


def _part(part: Any) -> tuple[int, int]:
    if not isinstance(part, tuple | list) or len(part) != 2:
        raise ValueError(f"part is (i, n), the i-th of n shares, not {part!r}")
    count = arguments.whole(part[1], "the number of parts", 1)
    return arguments.whole(part[0], "the part", 0, count - 1), count


def _opened(path: Path) -> "xarray.Dataset":
    """The store; that other parts of it may be missing is no surprise here."""
    from physics.data.zarr import read_zarr

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return read_zarr(path)
