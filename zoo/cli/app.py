"""The verbs of `zoo` and their order in the help."""

from typing import Annotated

import typer
from typer.core import TyperGroup

from physics.names import nearest
from zoo.cli import applying, browsing, laws, learning, simulating


class Verbs(TyperGroup):
    """A group that names the nearest verb when one is mistyped."""

    def resolve_command(self, ctx, args):
        """(name, command, the other words); ValueError for an unknown verb."""
        if args and self.get_command(ctx, args[0]) is None:
            near = nearest(args[0], self.list_commands(ctx))
            raise ValueError(f'unknown verb "{args[0]}"{near}; see zoo --help')
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=Verbs,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Pretrained models for dynamical systems: load, fine-tune, export the equation.",
    epilog="SYSTEM is a name of `zoo systems`, an equation in quotes, or a law.json. "
    "`zoo VERB --help` has an example.",
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"dynamics-zoo {version('dynamics-zoo')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error (anywhere on the line).")
    ] = False,
) -> None:
    """Options of every verb; `--debug` is taken off the line before typer reads it."""


for title, verbs in {
    "Look": (browsing.systems, browsing.list_, browsing.show),
    "Simulate": (simulating.solve, simulating.calibrate),
    "Learn": (applying.predict, learning.finetune, learning.train),
    "Laws": (laws.explain, laws.export),
    "Check": (applying.verify, applying.doctor, applying.demo),
}.items():
    for verb in verbs:
        app.command(verb.__name__.rstrip("_"), rich_help_panel=title)(verb)
