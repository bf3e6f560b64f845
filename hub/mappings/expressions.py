"""``expr``: conditions in CEL, an extra. They are compiled once here, so that a mistake shows when the files are read."""

from __future__ import annotations

from hub.tomlfile import Table


def check_expressions(rules: list[Table]) -> None:
    """Note what is wrong with the ``expr`` of rules. Where CEL is not installed that is one problem, for all of them."""
    if not rules:
        return
    from hub.rules.cel import installed

    if not installed():
        more = f" (and {len(rules) - 1} more)" if len(rules) > 1 else ""
        text = f"`expr` needs an extra that is not installed{more}."
        rules[0].problem("expr", text, "Run pip install cel-expr-python, or say it in `when` lines.")
        return
    for table in rules:
        written = table.values["expr"]
        if isinstance(written, str) and written.strip():  # else it is reported already
            _check(table, str(written))


def _check(table: Table, written: str) -> None:
    from hub.rules.cel import CelError, compile

    try:
        compile(written)
    except CelError as error:
        lines = written.split("\n")[: error.line - 1]
        first = sum(len(line) + 1 for line in lines) + max(error.column - 1, 0)
        remedy = error.remedy or "Correct the expression in `expr`; its language is CEL."
        table.problem("expr", error.message, remedy, part=(first, 1))
