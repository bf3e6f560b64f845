"""``import``: objectives and key results from a sheet, one way into mapping files; a preview unless told to write."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import typer

from hub.cli import access, output
from hub.cli.failures import USAGE
from hub.errors import ConfigError, Problem, UsageError
from hub.importing import Columns, Known, Plan, Sheet, asked, gather, guess, look, plan, read_sheets
from hub.importing import cycles as periods
from hub.model import fold
from hub.tomlfile import did_you_mean

if TYPE_CHECKING:
    from hub.model import Mapping as Strategy

OBJECTIVES = "objectives"


def import_(
    path: Path,
    file: Path,
    into: Path | None,
    cycle: str | None,
    sheet: str | None,
    columns: Sequence[str],
    write: bool,
    json: bool,
) -> None:
    """Read, guess, compare, show; and write where asked and nothing is wrong."""
    said = asked(columns)
    home = _Home(path, into)
    chosen, found = _choose(file, read_sheets(file), sheet, said)
    known = look(home.folder, home.into, home.strategy)
    origin = f'"{file.name}"' + ("" if file.suffix.lower() == ".csv" else f', sheet "{chosen.name}"')
    wanted = gather(chosen, found)
    made = plan(chosen, found, wanted, known, origin, _cycle(cycle, known, found, home))
    problems = [*made.problems, *_would_fail(home, made)]
    fine = all(problem.warning for problem in problems)
    if write and fine:
        _write(home, made)
    if json:
        _as_json(file, chosen, found, made, problems, home, write and fine)
    else:
        _show(file, chosen, found, made, problems, home, write and fine)
    if not fine:
        raise typer.Exit(USAGE)


class _Home:
    """Where the mapping files are, with or without a configuration, and whatever state they are in."""

    def __init__(self, path: Path, into: Path | None) -> None:
        self.folder, self.timezone = path.parent / "mappings", "UTC"
        if path.is_file():
            from hub.config import load_config

            try:
                config = load_config(path, {})
                self.folder, self.timezone = Path(os.path.relpath(config.mappings)), config.timezone
            except ConfigError:
                pass  # its mistakes are not about objectives
        self.into = into or self.folder / OBJECTIVES
        if self.into.exists() and not self.into.is_dir():
            raise UsageError(f"{self.into} is no folder.", hint="Name the folder that the files shall go to.")
        self.read = self.into.resolve().is_relative_to(self.folder.resolve())
        """Whether what is written there is read as a mapping file."""
        self.strategy = self._strategy()

    def _strategy(self) -> Strategy | None:
        from hub.mappings import load_mappings

        try:
            return load_mappings(self.folder, self.timezone)[0]
        except ConfigError:
            return None


# ---- which sheet, which cycle -------------------------------------------------------------------------------------------


def _choose(file: Path, sheets: list[Sheet], wanted: str | None, said: dict[str, str]) -> tuple[Sheet, Columns]:
    """The sheet that is asked for, else the only one that has what is needed."""
    if wanted is not None:
        named = [each for each in sheets if fold(each.name) == fold(wanted)]
        if not named:
            names = [each.name for each in sheets]
            quoted = ", ".join(f'"{name}"' for name in names)
            hint = did_you_mean(wanted, names, otherwise=f"It has {quoted}.")
            raise UsageError(f'{file.name} has no visible sheet "{wanted}" with anything in it.', hint=hint)
        sheets = named
    guessed = [(each, guess(each, said)) for each in sheets]
    fitting = [(each, found) for each, found in guessed if isinstance(found, Columns)]
    if len(fitting) > 1:
        several = " and ".join(f'"{each.name}"' for each, _ in fitting)
        raise UsageError(
            f"Several sheets of {file.name} have objectives: {several}.", hint=f'Name one: --sheet "{fitting[0][0].name}".'
        )
    if not fitting:
        _refuse(min((found for _, found in guessed if isinstance(found, list)), key=len))
    return fitting[0]


def _refuse(problems: list[Problem]) -> None:
    from hub.cli.render.problems import problem_lines

    output.tell(problem_lines(problems, output.err().width), whole=True)
    raise typer.Exit(USAGE)


def _cycle(asked_for: str | None, known: Known, columns: Columns, home: _Home) -> str | None:
    """The cycle for all: the one asked for; where the sheet has none, the only one that has not ended."""
    names = [id for id, *_ in known.cycles.values()]
    if asked_for is not None:
        found = periods.named(asked_for, known.cycles)
        if found is None:
            near = "" if periods.period(asked_for) else did_you_mean(asked_for, names, otherwise="")
            hint = f"{near} Add it under [cycle] in a file of {home.folder}: {periods.proposal(asked_for).line}".strip()
            raise UsageError(f'There is no cycle "{asked_for}" in the mapping files.', hint=hint)
        return known.cycles[found][0]
    if "cycle" in columns.meant:
        return None
    today = datetime.fromtimestamp(access.now() / 1000, ZoneInfo(home.timezone)).date()
    ahead = [id for id, _, ends in known.cycles.values() if ends >= today]
    if len(ahead) == 1:
        return ahead[0]
    example = periods.proposal(f"Q{(today.month + 2) // 3} {today.year}").line
    hint = (
        f"Say which: --cycle {ahead[0]}, for example."
        if ahead
        else f"Add one under [cycle] in a file of {home.folder}: {example}"
    )
    raise UsageError("The sheet has no column for the cycle.", hint=hint)


# ---- writing ------------------------------------------------------------------------------------------------------------


def _would_fail(home: _Home, made: Plan) -> list[Problem]:
    """Mistakes that `check` would find in the new files and does not find now. There should be none; better here than later."""
    from hub.mappings import parse
    from hub.mappings.files import collect

    if not home.read or any(not problem.warning for problem in made.problems):
        return []
    texts = collect(home.folder)[0] if home.folder.is_dir() else {}
    before = {(p.file, p.text) for p in parse(texts, home.timezone)[1]} if texts else set()
    inside = home.into.resolve().relative_to(home.folder.resolve())
    ours = {f"{home.folder.name}/{(inside / each.name).as_posix()}": each.after for each in made.files}
    after = parse({**texts, **ours}, home.timezone)[1]
    return [p for p in after if not p.warning and p.file in ours and (p.file, p.text) not in before]


def _write(home: _Home, made: Plan) -> None:
    """Each file whole or not at all; a new one with the line in front that names its schema, which is written beside the rest."""
    from hub.cli import schema

    into = home.into
    for each in made.files:
        if not each.changed:
            continue
        target = (into / each.name).resolve()  # a link stays one
        new = each.before is None and home.read
        text = schema.headed(target, home.folder.resolve() / "mapping.schema.json", each.after) if new else each.after
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
            try:
                with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                    file.write(text)
                if target.exists():
                    shutil.copymode(target, name)
                else:
                    Path(name).chmod(0o666 & ~_mask())
                Path(name).replace(target)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise UsageError(
                f"{into / each.name} cannot be written: {error.strerror}.", hint="Check its folder and rights."
            ) from None
    if home.read and any(each.before is None for each in made.files):
        schema.missing(home.folder, names=("mapping",))


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


# ---- showing ------------------------------------------------------------------------------------------------------------


def _show(
    file: Path, sheet: Sheet, columns: Columns, made: Plan, problems: list[Problem], home: _Home, written: bool
) -> None:  # fmt: skip
    from hub.cli.render import importing as shown
    from hub.cli.render.problems import problem_lines

    width = output.out().width
    output.show(shown.head(file.name, sheet, columns), "", shown.columns(columns, width), "")
    fine = all(problem.warning for problem in problems)
    if fine:
        output.show(shown.changes(made, str(home.into), width))
        if made.unmeasured:
            output.show("", shown.unmeasured(made))
        if made.named:
            output.show("", shown.named(made))
    if made.missing:
        output.show("", shown.missing(made, str(home.folder)))
    output.say("")
    for note in sheet.notes:
        output.say(f"! {note}", "yellow")
    if problems:
        output.tell(problem_lines(problems, output.err().width), whole=True)
    output.say(_last_line(made, fine, written), "bold" if not fine else "")
    if fine and not home.read:
        output.say(f"! {home.into} is not inside {home.folder}, so nothing reads these files.", "yellow")
    if written:
        output.next_steps(("anchorline check", "finds what is still missing"))


def _last_line(made: Plan, fine: bool, written: bool) -> str:
    from hub.cli.render.text import count

    changed = sum(each.changed for each in made.files)
    if not fine:
        return "Nothing was written; mend what is said above, and import again."
    if not changed:
        return "Nothing to change: the files say what the sheet says."
    if written:
        return f"{count(changed, 'file')} written."
    return f"This is a preview, nothing was written. Add --write to write {count(changed, 'file')}."


def _as_json(
    file: Path, sheet: Sheet, columns: Columns, made: Plan, problems: list[Problem], home: _Home, written: bool
) -> None:  # fmt: skip
    def column(meaning: str) -> dict[str, Any]:
        found = columns.meant[meaning]
        return {"name": meaning, "column": found.letter, "header": found.header, "samples": found.samples}

    output.data(
        {
            "file": str(file),
            "sheet": sheet.name,
            "header_row": columns.header + 1,
            "columns": [column(meaning) for meaning in columns.meant],
            "not_used": [{"column": each.letter, "header": each.header} for each in columns.others],
            "cycles": made.cycles,
            "files": [
                {
                    "path": str(home.into / each.name),
                    "new": each.before is None,
                    "changed": each.changed,
                    "changes": [
                        {
                            "sign": change.sign,
                            "kind": change.kind,
                            "id": change.id,
                            "name": change.name,
                            "keys": [{"key": key, "from": old, "to": new} for key, old, new in change.lines],
                        }
                        for change in each.changes
                    ],
                }
                for each in made.files
            ],
            "missing": {kind: [one._asdict() for one in each] for kind, each in made.missing.items()},
            "unmeasured": {owner: [id for id, _ in each] for owner, each in made.unmeasured.items()},
            "problems": problems,
            "written": written,
        }
    )
