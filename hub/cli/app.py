"""The command line. Commands and their words stand in ``commands_*.py``; what they do is imported when one runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli import commands_files, commands_runs, commands_views

HELP = """Ties the work of every tracker to key results, and names the work that serves none.

New here? `anchorline demo` shows an invented company without any setup; `anchorline init` sets up your own."""

app = typer.Typer(
    help=HELP,
    rich_markup_mode=None,  # plain help is read the same everywhere, and costs a third of the time
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    add_completion=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
)
for group in (commands_files, commands_runs, commands_views):  # in the order of --help
    app.add_typer(group.commands)


def build() -> Any:
    """The whole command line, ready to be called with arguments."""
    return typer.main.get_command(app)


def options_first(arguments: Sequence[str]) -> list[str]:
    """``--config`` may stand before the command or after it; it belongs to all of them."""
    before: list[str] = []
    rest: list[str] = []
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            rest += [word, *waiting]
            break
        if word == "--config" and waiting:
            before += [word, waiting.pop(0)]
        elif word.startswith("--config="):
            before.append(word)
        else:
            rest.append(word)
    return before + rest


@app.callback()
def settings(
    context: typer.Context,
    config: Annotated[
        Path, typer.Option("--config", metavar="PATH", envvar="ANCHORLINE_CONFIG", help="The configuration file.")
    ] = Path("config.toml"),
) -> None:
    context.obj = config
