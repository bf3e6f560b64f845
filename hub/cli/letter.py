"""``init KIND --letter``: the request for access, ready to be forwarded to whoever administers the vendor's side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hub.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from hub.config import Config, Source


def letter(path: Path, wanted: str | None, json: bool) -> None:
    """Print the letter for a kind, or for a source of the configuration; what the configuration knows is filled in."""
    import connectors
    from hub.cli import output
    from hub.cli.render.letter import letter as written

    config, unreadable = _config(path)
    source, kind = _meant(config, wanted)
    facts = connectors.load(kind).edition(source.options if source else {})
    text = written(facts, source)
    if json:
        output.data({"kind": kind, "source": source.name if source else None, "scopes": _scopes(facts), "letter": text})
        return
    for line in text.splitlines():
        output.line(line)
    if unreadable:
        output.say(f"{path} has mistakes (`anchorline check` lists them), so nothing of it is filled in.", "yellow")
    others = [s.name for s in config.sources.values() if s.kind == kind and source and s.name != source.name] if config else []
    output.say("Fill in what stands in [brackets], then forward it. `anchorline check --online` shows later whether it worked.")
    for name in others:
        output.say(f"Another source of this kind: `anchorline init {name} --letter`.")


def _config(path: Path) -> tuple[Config | None, bool]:
    """The configuration if there is one; and whether there is one that cannot be read."""
    from hub.config import load_config

    if not path.is_file():
        return None, False
    try:
        return load_config(path, {}), False
    except ConfigError:
        return None, True


def _meant(config: Config | None, wanted: str | None) -> tuple[Source | None, str]:
    """The source and kind that a word names: a source by name, else a kind, with a source of it where there is one."""
    import connectors
    from hub.tomlfile import did_you_mean

    sources = dict(config.sources) if config else {}
    if wanted is None:
        first = next(iter(sources.values()), None)
        if first is not None:
            return first, first.kind
        if len(connectors.kinds()) == 1:
            return None, connectors.kinds()[0]
        raise UsageError("The letter is about one kind of source.", hint=f"Name it: {', '.join(connectors.kinds())}.")
    if wanted in sources:
        return sources[wanted], sources[wanted].kind
    if wanted in connectors.kinds():
        return next((s for s in sources.values() if s.kind == wanted), None), wanted
    known = [*sources, *connectors.kinds()]
    hint = did_you_mean(wanted, known, otherwise=f"Name one of {', '.join(dict.fromkeys(known))}.")
    raise UsageError(f'There is no source and no kind of source named "{wanted}".', hint=hint)


def _scopes(facts: object) -> list[dict[str, object]]:
    access = getattr(facts, "access", None)
    return [{"for": case, "scopes": list(names)} for case, names in access.scopes] if access else []
