"""Metrics: numbers about the world, from ``[[metric]]`` blocks, and from key results that have one of their own."""

from __future__ import annotations

from typing import NamedTuple

from hub.mappings import grammar_metrics as g
from hub.mappings import windows
from hub.mappings.braces import unexplained
from hub.mappings.conditions import Lines, Read, read_filter, read_lines
from hub.mappings.draft import Draft
from hub.mappings.ids import former_ids, reference, slug
from hub.mappings.queries import check_queries
from hub.mappings.templates import blocks
from hub.model import Aggregate, Filter, Metric, fold
from hub.tomlfile import Table, did_you_mean
from hub.tomlfile.ids import ID


def read_metrics(draft: Draft) -> None:
    """Read all ``[[metric]]`` blocks. Teams and rates must have been read."""
    found = []
    for table in blocks(draft, "metric"):
        table.only(g.METRIC, others=g.METRIC_OTHERS)
        found.append((_identified(draft, table), table))
    former_ids(draft, "metric", ((id, table, "") for id, table in found))
    for id, table in found:
        metric = _metric(draft, table, id, table.text("name") or id)
        if metric is not None:
            draft.metrics[fold(metric.id)] = metric


def read_inline(draft: Draft, table: Table, id: str | None, cycle: str | None) -> str | None:
    """The folded id of the metric that stands in a key result, whose id and cycle are given; None when it has mistakes."""
    metric = table.table("metric", "metric", 'Write metric = "new-arr", or metric = { source = "crm", sum = "amount" }.')
    if metric is None:
        return None
    metric.only([key for key in g.METRIC if key not in g.NAMED], others={**g.METRIC_OTHERS, **g.INLINE_OTHERS})
    own = None if id is None or cycle is None else fold(f"{id}@{cycle}")
    found = _metric(draft, metric, own, metric.text("name") or table.text("name") or id, inline=True)
    if found is None:
        return None
    draft.metrics[found.id] = found
    return found.id


def _identified(draft: Draft, table: Table) -> str | None:
    """The declared id of a metric: its `id`, else its `name`, where that can be one."""
    id, key = table.text("id"), "id"
    if id is None and "id" not in table:
        id, key = table.text("name"), "name"
        if id is not None and not ID.fullmatch(id) and "{" not in id:
            text = "[[metric]] has no `id`, and its name cannot be one."
            table.problem("name", text, f'Add a short one that stays for ever: id = "{slug(id)}".')
            id = None
        elif id is None and "name" not in table:
            table.missing("id", 'Add a short one that stays for ever: id = "new-arr".')
    if id is None:
        draft.hidden.add("metric")
        return None
    return id if draft.declare("metric", id, table.value_at(key)) else None


# ---- the block itself -------------------------------------------------------------------------------------------------------


_PLACED = frozenset({"source", "series", "times", "dated", *g.AGGREGATES})
"""Keys whose values are looked at again once the sources are known."""


class Made(NamedTuple):
    """What is calculated: the aggregate and what it is of."""

    aggregate: Aggregate
    field: str | None = None
    of: tuple[Read, ...] = ()
    to: tuple[Read, ...] = ()
    between: tuple[str, str] | None = None


def _metric(draft: Draft, table: Table, id: str | None, name: str | None, *, inline: bool = False) -> Metric | None:
    before = sum(not p.warning for p in draft.problems)
    source = _source(table)
    made = _made(draft, table)
    times, lines, series = _field(table, "times"), read_filter(draft, table), _series(draft, table)
    dated, window = windows.dated(table, "dated"), windows.window(table)
    every, settle, unit = windows.rhythm(table), windows.settle(table), table.text("unit")
    rates = reference(draft, table, "rates", "rates")
    if unexplained(table):
        return None  # reported by ``check_braces``; what follows from it is not worth a second message
    if made is not None:
        one_source(table, lines)
        _goes_together(table, made, times)
        _money(draft, table, made, times, rates, unit)
        if "query" in table or "series" in table:
            _of_values(table, made, lines, times)
        elif of_items(made.field, times, _filters(made, lines), dated, made.between):
            _of_items(table, made, dated)
    if id is None or source is None or made is None or sum(not p.warning for p in draft.problems) > before:
        return None
    return Metric(
        id, name or id, table.place, source, made.aggregate, made.field, series, lines.filter, _half(made.of), _half(made.to),
        made.between, times, dated, window or ("all" if made.aggregate == "latest" else "cycle"), every, settle, unit,
        rates and fold(rates), inline, {key: table.value_at(key) for key in table.values if key in _PLACED},
    )  # fmt: skip


def _half(lines: tuple[Read, ...]) -> Filter:
    return Filter(tuple(line.condition for line in lines))


def _missing(table: Table, key: str, remedy: str) -> None:
    """Of a metric inside a key result, too, whose name in messages begins no sentence."""
    if not table.prefix:
        table.missing(key, remedy)
    elif key in table.template:
        table.problem(key, f"The metric has no `{key}`: the cell is empty.", "Fill it in, or remove the row.")
    elif key not in table.suggested:
        table.problem((), f"The metric has no `{key}`.", remedy)


def _source(table: Table) -> str | None:
    value = table.values.get("source")
    if isinstance(value, list):
        text = f"`{table.prefix}source` must be one source, not a list."
        table.problem("source", text, "Write a metric for each; what combines sources is a query, a file in mappings/queries.")
        return None
    if value is None:
        _missing(table, "source", 'Name a source of config.toml: source = "jira".')
    return table.text("source", 'Name a source of config.toml: source = "jira".')


def _series(draft: Draft, table: Table) -> str | None:
    query = table.text("query", 'Name a file of mappings/queries without its ending: query = "activation".')
    series = table.text("series", 'Write what the series column says: series = "activation".')
    if "query" in table and "series" in table:
        text = f"The metric has both `{table.prefix}query` and `{table.prefix}series`."
        table.problem("series", text, "Keep `query` for a source of SQL, `series` for a sheet.", at_key=True)
    if query is not None and fold(query.strip()).endswith(".sql"):
        table.problem("query", f'"{query}" ends in .sql.', f'Write the name alone: query = "{query.strip()[:-4]}".')
    else:
        check_queries(table, draft.queries)
    found = query or series
    return None if found is None else found.strip()


# ---- what is calculated -----------------------------------------------------------------------------------------------------


def _made(draft: Draft, table: Table) -> Made | None:
    """What is calculated; None, with a problem, when that is not clear."""
    said = [key for key in table.values if key in g.AGGREGATES]
    if len(said) > 1:
        text = f"The metric has both `{table.prefix}{said[0]}` and `{table.prefix}{said[1]}`."
        table.problem(said[1], text, "Keep one; write a second metric for the other.", at_key=True)
    if not said:
        return None if table.suggested & set(g.AGGREGATES) else Made("latest", "value")
    found = [_aggregate(draft, table, key) for key in said]
    return found[0] if len(found) == 1 else None


def _aggregate(draft: Draft, table: Table, key: str) -> Made | None:
    if key == "count":
        return Made("count") if _counts(table) else None
    if key == "ratio":
        return _ratio(draft, table)
    if key == "days_between":
        between = windows.between(table)
        return None if between is None else Made("days_between", between=between)
    field = _field(table, key)
    aggregate = next(a for a in g.OF_FIELD if a == key)
    return None if field is None else Made(aggregate, field)


def _counts(table: Table) -> bool:
    value = table.values["count"]
    if isinstance(value, str) and _named_field(value) is not None:
        text = "`count` counts rows, whatever they hold."
        table.problem("count", text, f'Write count = true, or distinct = "{_named_field(value)}" for how many different ones.')
        return False
    before = len(table.problems)
    if table.flag("count"):
        return True
    if len(table.problems) == before:
        table.problem("count", f"`{table.prefix}count` is false, which says nothing.", "Write count = true, or say what else.")
    return False


def _ratio(draft: Draft, table: Table) -> Made | None:
    example = 'Write ratio = { of = { state = "done" }, to = { state = "closed" } }.'
    ratio = table.table("ratio", f"{table.prefix}ratio", example)
    if ratio is None:
        return None
    ratio.only(g.RATIO, None, g.RATIO_OTHERS)
    before = len(draft.problems)
    halves = []
    for key in g.RATIO:
        if key not in ratio:
            if key not in ratio.suggested:
                table.problem("ratio", f"`{table.prefix}ratio` has no `{key}`.", example)
        elif ratio.values[key] == {}:
            text = f"`{ratio.prefix}{key}` is empty."
            ratio.problem(key, text, "Write the lines that its rows fit; for all rows repeat one of `when`.")
        else:
            halves.append(read_lines(draft, ratio, key, f"{ratio.prefix}{key}", names=False))
    if len(halves) < 2 or len(draft.problems) > before:
        return None
    for line in (*halves[0], *halves[1]):
        _no_source(ratio, line)
    if _same(halves[0], halves[1]):
        table.problem("ratio", "Both sides of the ratio are the same rows, so it is always 1.", "Narrow `of`.")
    return Made("ratio", of=tuple(halves[0]), to=tuple(halves[1]))


def _same(one: list[Read], other: list[Read]) -> bool:
    return {(r.condition.field, r.condition.tests) for r in one} == {(r.condition.field, r.condition.tests) for r in other}


# ---- fields -----------------------------------------------------------------------------------------------------------------


def _named_field(written: str) -> str | None:
    folded = fold(written.strip())
    if folded in g.FIELDS:
        return folded
    name = folded.removeprefix("field.").strip()
    return f"field.{name}" if folded.startswith("field.") and name else None


def _field(table: Table, key: str) -> str | None:
    """The field that a line names, folded."""
    if isinstance(table.values.get(key), bool):
        table.problem(key, f"`{table.prefix}{key}` must name a field.", f'Write {key} = "amount", or {key} = "field.NAME".')
        return None
    text = table.text(key, f'Name a field: {key} = "amount", or {key} = "field.NAME" for one of your own.')
    if text is None:
        return None
    found = _named_field(text)
    if found is None:
        right = g.FIELDS_OTHERS.get(fold(text.strip()).replace(" ", "_"), "")
        name = "NAME" if fold(text.strip()).startswith("field.") else text.strip()
        own = f'Write {key} = "field.{name}" for a field of your own; others are {", ".join(g.FIELDS)}.'
        remedy = f'Did you mean "{right}"?' if right else did_you_mean(text, g.FIELDS, otherwise=own, likeness=0.75)
        table.problem(key, f'"{text}" is no field of a metric.', remedy)
    return found


# ---- what does not go together ----------------------------------------------------------------------------------------------


def _filters(made: Made, lines: Lines) -> list[Filter]:
    return [lines.filter, _half(made.of), _half(made.to)]


def _no_source(table: Table, line: Read) -> None:
    if line.condition.field != "source":
        return
    text = "A metric reads the one source that its `source` names."
    remedy = "Remove the line; what combines two sources is a query, a file in mappings/queries."
    table.problem(line.keys, text, remedy, at_key=True)


def one_source(table: Table, lines: Lines) -> None:
    """Report lines that name a source where a metric is narrowed."""
    for line in lines.all:
        _no_source(table, line)


def _goes_together(table: Table, made: Made, times: str | None) -> None:
    if times is not None and made.aggregate not in g.WEIGHED:
        text = f"`{table.prefix}times` multiplies rows of count, sum and average, not of {made.aggregate}."
        table.problem("times", text, "Remove it, or say what is summed.", at_key=True)
    elif times is not None and times == made.field:
        table.problem("times", f"`{table.prefix}times` multiplies `{times}` by itself.", "Name another field, or remove it.")


def _money(draft: Draft, table: Table, made: Made, times: str | None, rates: str | None, unit: str | None) -> None:
    if rates is None:
        return
    of_money = [made.field] if made.aggregate in ("sum", "average", "latest") else []
    of_money += [times] if made.aggregate == "count" else []
    if not any(f in g.MONEY or (f or "").startswith("field.") for f in of_money):
        what = f"`{made.field}`" if made.aggregate in ("sum", "average", "latest") else f"`{made.aggregate}`"
        text = f"`{table.prefix}rates` converts amounts of money, and {what} is none."
        table.problem("rates", text, "Remove the line.", at_key=True)
        return
    known = draft.rates.get(fold(rates))
    if known and unit is not None and unit.strip() != known[0].base:
        text = f'The rates "{rates}" give sums in {known[0].base}, and `{table.prefix}unit` says "{unit}".'
        table.problem("unit", text, f'Write unit = "{known[0].base}", or remove the line.')


def _of_values(table: Table, made: Made, lines: Lines, times: str | None) -> None:
    """What only items have, in a metric that reads values."""
    word = f"{table.prefix}{'query' if 'query' in table else 'series'}"
    for key, field in ((made.aggregate, made.field), ("times", times)):
        if field is not None and field not in g.OF_VALUES and not field.startswith("field."):
            text = f"With `{word}` the rows are values, and they have no `{field}`."
            table.problem(key, text, "Use value, or field.NAME for another column.")
    for date in made.between or ():
        if date not in ("created", "done") and not date.startswith("field."):
            text = f"With `{word}` the rows are values, and they have no date `{date}`."
            table.problem("days_between", text, "Use field.NAME for a column, or calculate it in the query.")
    for line in lines.all:
        field = line.condition.field
        if field not in g.LINES_OF_VALUES and not field.startswith("field."):
            text = f"With `{word}` the rows are values, and they have no {field}."
            table.problem(line.keys, text, "Use amount, created, or field.NAME for another column.", at_key=True)
    if "dated" in table:
        text = f"`{table.prefix}dated` changes nothing: with `{word}` the rows are values, and they have a date of their own."
        table.problem("dated", text, "Remove the line.", warning=True, at_key=True)


def of_items(
    field: str | None, times: str | None, filters: list[Filter], dated: str | None, between: tuple[str, str] | None
) -> bool:
    """Whether a metric without a series certainly reads items: it names what no value has."""
    read = {line.field for f in filters for line in (*f.when, *f.unless)}
    dates = {date for date in (dated, *(between or ())) if date is not None and not date.startswith("field.")}
    only = {name for name in read if name not in g.LINES_OF_VALUES and not name.startswith("field.")}
    return bool(only or dates or {field, times} & {"estimate", "probability"})


def _of_items(table: Table, made: Made, dated: str | None) -> None:
    """What needs a date, of items, which have none unless it is said which."""
    if "dated" in table or "dated" in table.suggested:
        return
    if made.aggregate == "latest":
        key = "latest" if "latest" in table else ()
        text = "Nothing says by which date an item is the latest."
        table.problem(key, text, 'Add `dated`, such as dated = "closed", or say sum, count or average.')
    elif "window" in table and windows.shown(table.values["window"]) != "all":
        text = f"`{table.prefix}window` says which days count, and nothing says which date of an item must be among them."
        table.problem("window", text, 'Add `dated`, such as dated = "closed", or write window = "all".')
