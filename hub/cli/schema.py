"""``schema``: what editors complete and mark in the files, printed or written where the files look for it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from hub.cli import access, output
from hub.errors import UsageError

if TYPE_CHECKING:
    from hub.tomlfile.spec import Json

NAMES = ("mapping", "config", "tests")
FIRST_LINES = (
    ("mapping files", "#:schema ./mapping.schema.json"),
    ("mappings/tests", "#:schema ../tests.schema.json"),
    ("config.toml", "#:schema ./config.schema.json"),
)


def schema(path: Path, name: str | None, out: Path | None) -> None:
    """Print the schema of this name; without a name, or with a folder ``out``, write. ``path`` is the configuration, beside
    which and in whose mapping folder the files look for theirs."""
    if name is not None and name not in NAMES:
        raise UsageError(f'There is no schema "{name}".', hint=f"The schemas are {', '.join(NAMES[:-1])} and {NAMES[-1]}.")
    if out is not None and out.exists() and not out.is_dir():
        raise UsageError(f"{out} is no folder.", hint="Name a folder with --out; it is made if it is not there.")
    if name is not None and out is None:
        output.data(made(name))
        return
    for file, chosen in _places(path, out).items():
        if name in (None, chosen):
            said = "wrote" if _write(file, made(chosen)) else "kept "
            output.line(f"{said}  {file}" + ("" if said == "wrote" else ", which is up to date"))
    if out is None:
        output.say("")
        output.say("An editor with a TOML extension finds them by the first line of a file:")
        for files, line in FIRST_LINES:
            output.say(f"  {files:16} {line}")


def made(name: str) -> Json:
    """The schema of this name."""
    from hub.config.spec import config_schema
    from hub.mappings.schema import mapping_schema, tests_schema

    return {"mapping": mapping_schema, "config": config_schema, "tests": tests_schema}[name]()


def _places(path: Path, out: Path | None) -> dict[Path, str]:
    """Where each schema goes: all into one folder, else where the first lines of the files point."""
    if out is not None:
        return {out / f"{name}.schema.json": name for name in NAMES}
    access.require(path)
    folder = _mappings(path)
    return {
        path.parent / "config.schema.json": "config",
        folder / "mapping.schema.json": "mapping",
        folder / "tests.schema.json": "tests",
    }


def _mappings(path: Path) -> Path:
    """The mapping folder that the configuration names, seen from where the command runs; mistakes in it do not matter here."""
    import tomllib

    try:
        written = tomllib.loads(path.read_text("utf-8-sig")).get("mappings")
    except (OSError, ValueError):
        written = None
    return path.parent / (written if isinstance(written, str) else "mappings")


def headed(file: Path, schema: Path, text: str) -> str:
    """The text of a new file with the line in front by which an editor finds its schema."""
    way = Path(os.path.relpath(schema, file.parent)).as_posix()
    return f"#:schema {way if way.startswith('.') else f'./{way}'}\n{text}"


def missing(mappings: Path, config: Path | None = None, names: tuple[str, ...] = ("mapping", "tests")) -> list[Path]:
    """Write the schemas of a mapping folder, and of a configuration, that are not there yet; those that were written. One that is
    there stays, whatever its version: `anchorline schema` writes it again."""
    wanted = {mappings / f"{name}.schema.json": name for name in names}
    wanted |= {config.with_name("config.schema.json"): "config"} if config is not None else {}
    return [file for file, name in wanted.items() if not file.exists() and _write(file, made(name))]


def _write(file: Path, schema: Json) -> bool:
    """Write a file; False when it says the same already."""
    from hub.tomlfile.schema import text

    wanted = text(schema).encode()
    try:
        if file.is_file() and file.read_bytes() == wanted:
            return False
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(wanted)
    except OSError as error:
        why = f"{error.filename or file} cannot be written: {error.strerror}."
        raise UsageError(why, hint="Choose another folder with --out.") from None
    return True
