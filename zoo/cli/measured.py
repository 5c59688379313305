"""Data as one screen of text: what was measured, how often, from where."""

from typing import TYPE_CHECKING

from zoo.cli.tables import plain, short

if TYPE_CHECKING:
    import xarray


def data_text(name: str, data: "xarray.Dataset") -> str:
    """Variables with units, ranges and gaps; times; source."""
    sizes = " x ".join(f"{count} {dim}" for dim, count in data.sizes.items())
    time = data["time"]
    unit = f" {time.attrs['units']}" if time.attrs.get("units") else ""
    span = f"time from {short(float(time[0]))} to {short(float(time[-1]))}{unit}"
    rows = [("variable", "unit", "measured", "least", "mean", "largest")]
    for key, variable in data.data_vars.items():
        if variable.dtype.kind not in "fiu":
            continue
        count = int(variable.notnull().sum())
        numbers = (variable.min(), variable.mean(), variable.max())
        rows.append(
            (
                str(key),
                str(variable.attrs.get("units", "-")),
                str(count) if count == variable.size else f"{count} of {variable.size}",
                *(short(float(v)) for v in numbers),
            )
        )
    blocks = [f"{name}: {sizes}, {span}", plain(rows)]
    source = data.attrs.get("source") or data.attrs.get("method")
    return "\n\n".join([*blocks, *([f"source: {source}"] if source else [])])
