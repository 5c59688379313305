"""Verbs that look: `zoo systems`, `zoo list`, `zoo show`. None of them imports JAX."""

import ast
from pathlib import Path
from typing import Annotated

import typer

from zoo.cli import spatial, words
from zoo.cli.tables import plain, short, table

WIDEST = 76  # characters of an equation in the table; `zoo show` has all of it
Pattern = Annotated[str, typer.Argument(metavar="PATTERN", help='Like "lorenz*".')]


def systems(pattern: Pattern = "*") -> None:
    """The equations that can be simulated, learnt and exported by name.

    Example: zoo systems "l*"
    """
    import physics

    names = physics.list_systems(pattern)
    if not names:
        raise ValueError(f"no system matches {pattern!r}; see zoo systems")
    rows = []
    for name in names:
        system = physics.get(name)
        lines = "\n".join(_cut(line) for line in system.lines())
        rows.append((name, _kind(system), lines, _cut(_first_line(system.description))))
    table(("system", "kind", "equations", "what it is"), rows)


def list_(
    pattern: Pattern = "*",
    pretrained: Annotated[
        bool | None,
        typer.Option("--pretrained/--families", help="Only checkpoints, or only families."),
    ] = None,
    ability: Annotated[
        str | None, typer.Option(metavar="WORD", help="Only models that can: law, forecast …")
    ] = None,
    dim: Annotated[int | None, typer.Option(min=0, help="Spatial dimensions.")] = None,
    recipes: Annotated[
        bool, typer.Option("--recipes", help="What zoo train takes, instead of models.")
    ] = False,
    records: Annotated[
        bool, typer.Option("--records", help="The shipped data sets, instead of models.")
    ] = False,
) -> None:
    """Pretrained checkpoints and model families; or recipes, or shipped records.

    Example: zoo list "upinn*" --ability law
    """
    import zoo

    if recipes or records:
        return _list_names(pattern, recipes)
    names = zoo.list_models(pattern, pretrained=pretrained, ability=ability, dim=dim)
    if not names:
        raise ValueError(f"no model matches {pattern!r} and these options; see zoo list")
    table(("model", "kind", "trained on", "numbers", "score"), [_model_row(n) for n in names])


def _list_names(pattern: str, recipes: bool) -> None:
    import fnmatch

    import zoo
    from physics.data import list_records

    found = zoo.list_recipes(pattern) if recipes else fnmatch.filter(list_records(), pattern)
    if not found:
        raise ValueError(f"no {'recipe' if recipes else 'record'} matches {pattern!r}")
    use = "zoo train {0}" if recipes else "zoo show {0}"
    table(("recipe" if recipes else "record", "use"), [(n, use.format(n)) for n in found])


def show(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A checkpoint, system, family or data.")
    ],
    parameters: words.ParameterWords = None,
    settings: words.OptionWords = None,
    length: words.LengthWord = None,
    boundary: words.BoundaryWords = None,
) -> None:
    """One checkpoint's card, one system (equation, parameters with ranges and units, source), or
    what is in a data file or shipped record.

    Example: zoo show upinn.lotka-volterra; zoo show lorenz63
    """
    import checkpoints
    import physics
    from zoo import registry

    if words.is_data(name):
        from zoo.cli.measured import data_text

        print(data_text(name, words.data(name)))
    elif "=" in name or name.endswith(".json") or words.is_system(name):
        values, options = words.numbers(parameters, "-p"), words.overrides(settings)
        box = spatial.sides(length), spatial.walls(boundary)
        found = words.system(name, values, (), options, *box)
        print(system_text(found) + _options_text(name))
    elif name in registry.families():
        print(_family_text(name))
    elif name in checkpoints.names() or "/" in name or "." in name:
        card = checkpoints.read_card(name)
        print(card_text(card) + _costs_text(card))
    else:
        from physics.data import list_records

        known = [
            *physics.list_systems(), *checkpoints.names(), *registry.families(), *list_records()
        ]  # fmt: skip
        near = words.nearest(name, known)
        raise ValueError(f'unknown name "{name}"{near}; see zoo systems and zoo list')


def system_text(system) -> str:
    """A System as one screen of text."""
    blocks = ["\n".join([system.name, *(f"  {line}" for line in system.lines())])]
    if system.description:
        blocks.append(system.description.strip())
    rows = [("state", "unit", "bounds", "what it is")]
    rows += [(s.name, s.unit or "-", _range(s), s.description) for s in system.states]
    blocks.append(plain(rows))
    if system.parameters:
        rows = [("parameter", "value", "range", "unit", "what it is")]
        rows += [
            (p.name, short(p.value), _range(p), p.unit or "-", p.description)
            for p in system.parameters
        ]
        blocks.append(plain(rows))
    if system.controls:
        rows = [("control", "unit", "range", "what it is")]
        rows += [(c.name, c.unit or "-", _range(c), c.description) for c in system.controls]
        blocks.append(plain(rows))
    if system.domain is not None:
        blocks.append(_box_text(system))
    if system.horizon is not None:
        unit = system.units.get("t")
        blocks.append(f"default end time: {short(system.horizon)}{f' {unit}' if unit else ''}")
    if system.source:
        blocks.append(f"source: {system.source}")
    return "\n\n".join(blocks)


def _box_text(system) -> str:
    """Where a PDE lives, what holds at its walls, and what it starts from."""
    box, unit = system.domain, system.units.get("x")
    sides = " x ".join(
        f"[{short(low)}, {short(high)}]" for low, high in zip(box.low, box.high, strict=True)
    )
    kinds = ", ".join(dict.fromkeys(box.kinds))
    lines = [f"box: {sides}{f' {unit}' if unit and unit != '-' else ''}, {kinds}"]
    lines += [
        f"  at {side}: {c.kind}" + (f", value {c.value}" if c.value else "")
        for side, c in system.boundary.items()
    ]
    if system.initial is not None:
        lines.append(f"starts from: {type(system.initial).__name__}")
    return "\n".join(lines)


def _options_text(name: str) -> str:
    """What --set takes for a system of the catalogue; empty where it takes nothing."""
    import importlib
    import inspect

    try:
        module = importlib.import_module(f"physics.systems.{name.replace('-', '_')}")
    except (ImportError, ValueError):
        return ""
    taken = inspect.signature(module.system).parameters.values()
    options = ", ".join(f"{p.name}={p.default}" for p in taken)
    return f"\n\noptions (--set): {options}" if options else ""


def card_text(card) -> str:
    """A checkpoint's card as one screen of text."""
    facts = [
        ("family", card.architecture),
        ("numbers", f"{card.size():,}"),
        ("licence", card.licence),
        ("recipe", f"zoo train {card.recipe}" if card.recipe else ""),
        ("trained", f"{card.steps} steps, {card.wall_time_s:.0f} s on {card.hardware or '?'}"),
        ("created", card.created),
        ("sha256", card.sha256[:16]),
        ("limits", card.limits),
    ]
    blocks = [card.name, plain([fact for fact in facts if fact[1]])]
    for tree in card.systems:
        blocks.append("trained on\n" + _indented(words.law_json(tree)))
    if card.law:
        blocks.append("law\n" + _indented(words.law_json(card.law)))
    if card.metrics:
        others = any(entry.get("baselines") for entry in card.metrics.values())
        rows = [("metric", "value", "tolerance", "unit", *(["baselines"] if others else []))]
        for name, entry in card.metrics.items():
            base = "\n".join(f"{k} {short(v)}" for k, v in entry.get("baselines", {}).items())
            numbers = (short(entry["value"]), short(entry["tolerance"]))
            rows.append((name, *numbers, entry.get("unit") or "-", *([base] if others else [])))
        blocks.append(plain(rows))
    return "\n\n".join(blocks)


def _costs_text(card) -> str:
    """Counts of a family whose folder has a module `costs` with `costs(config)`; else empty."""
    from zoo import registry

    place = registry.families().get(card.architecture)
    if not isinstance(place, Path) or not (place / "costs.py").is_file():
        return ""
    counted = registry.part(card.architecture, "costs").costs(card.config)
    return "\n\n" + plain([*counted.items()])


def law_lines(law) -> list[str]:
    """A System or Formula as lines of text."""
    import physics
    from physics.text import expression_text

    if isinstance(law, physics.System):
        return law.lines()
    return [f"{output} = {expression_text(e)}" for output, e in law.expressions.items()]


def _indented(law) -> str:
    values = ", ".join(f"{name} = {short(value)}" for name, value in law.values.items())
    return "\n".join(f"  {line}" for line in [*law_lines(law), *([values] if values else [])])


def _model_row(name: str) -> tuple[str, str, str, str, str]:
    import checkpoints
    from zoo import registry

    if name in registry.families():
        abilities = ", ".join(registry.literal(name, "ABILITIES"))
        return name, "family", "-", "-", f"can {abilities}" if abilities else "-"
    card = checkpoints.read_card(name)
    trained_on = ", ".join(dict.fromkeys(str(tree.get("name", "?")) for tree in card.systems))
    metric, entry = next(iter(card.metrics.items()), ("", None))
    score = f"{metric} {short(entry['value'])}" if entry else "-"
    return name, card.architecture, trained_on or "-", f"{card.size():,}", score


def _family_text(name: str) -> str:
    import checkpoints
    from zoo import registry

    abilities = ", ".join(registry.literal(name, "ABILITIES")) or "-"
    owned = [n for n in checkpoints.names() if n.split(".")[0] == name]
    rows = [("abilities", abilities), ("checkpoints", "\n".join(owned) or "none")]
    return f"{_docstring(registry.families()[name])}\n\n{plain(rows)}"


def _docstring(place: Path | str) -> str:
    """What a family's file says about itself, read without importing it."""
    if not isinstance(place, Path):
        return place
    file = place / "__init__.py" if place.is_dir() else place
    return ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or place.stem


def _range(item) -> str:
    if item.low is None and item.high is None:
        return "-"
    low = "-inf" if item.low is None else short(item.low)
    high = "inf" if item.high is None else short(item.high)
    return f"[{low}, {high}]{' log' if getattr(item, 'log', False) else ''}"


def _kind(system) -> str:
    """ODE, map, or PDE with its dimensions."""
    if system.domain is not None:
        return f"PDE {system.dim}-D"
    return "map" if system.time == "discrete" else "ODE"


def _cut(line: str) -> str:
    return line if len(line) <= WIDEST else f"{line[: WIDEST - 2]} …"


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else ""
