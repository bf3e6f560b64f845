"""The shape of ``--json``: what scripts rely on. A name may be added; none may go or change its meaning."""

from __future__ import annotations

import dataclasses

import orjson

from hub.cli.outcome import Outcome
from hub.report.values import as_json
from tests.hub.cli import builders as b


def names(value: object) -> set[str]:
    told = orjson.loads(orjson.dumps(as_json(value)))
    assert isinstance(told, dict)
    return set(told)


def test_progress() -> None:
    told = as_json(b.tree())
    assert names(b.tree()) >= {
        "cycle",
        "starts",
        "ends",
        "seq",
        "as_of",
        "company",
        "sources",
        "counts",
        "broken_anchors",
        "notes",
    }
    assert set(told["company"]) >= {
        "kind",
        "id",
        "name",
        "progress",
        "progress_value",
        "key_results",
        "measured",
        "owner",
        "team",
        "place",
        "note",
        "children",
    }
    assert (told["starts"], told["as_of"]) == ("2026-10-01", "2026-11-20T12:00:00Z")
    assert (told["company"]["progress"], told["company"]["progress_value"]) == ("11/20", 0.55)
    assert set(told["sources"][0]) >= {"source", "kind", "complete_at", "last_result", "last_at", "items"}


def test_what_was_not_measured_is_null() -> None:
    assert as_json(b.key_result(progress=None))["progress"] is None


def test_unanchored() -> None:
    assert names(b.unanchored()) >= {
        "cycle",
        "as_of",
        "items",
        "contested",
        "broken",
        "total",
        "active",
        "by_team",
        "dormant",
        "sources",
        "contested_total",
        "broken_total",
        "under_broken",
        "notes",
    }
    assert names(b.row()) >= {
        "source",
        "id",
        "key",
        "title",
        "url",
        "type",
        "state",
        "status",
        "project",
        "team",
        "effort",
        "updated_at",
        "age_days",
        "why",
    }


def test_explanations() -> None:
    assert names(b.item()) >= {
        "source",
        "id",
        "key",
        "title",
        "url",
        "cycle",
        "seq",
        "state",
        "active",
        "facts",
        "team",
        "outcome",
        "sentence",
        "shares",
        "strength",
        "via",
        "chain",
        "broken",
        "units",
        "rules",
        "inherited",
        "findings",
        "run",
    }
    assert names(b.rule()) >= {"name", "place", "target", "strength", "holds", "deciding", "conditions"}
    assert names(b.node()) >= {
        "kind",
        "id",
        "name",
        "cycle",
        "seq",
        "as_of",
        "mapping_hash",
        "place",
        "progress",
        "done",
        "total",
        "key_results",
        "measured",
        "sentence",
        "formula",
        "policy",
        "units",
        "units_total",
        "children",
        "run",
        "sources",
    }
    assert names(b.unit()) >= {
        "key",
        "state",
        "part",
        "counts",
        "why",
        "estimate",
        "weight",
        "raw_estimate",
        "raw_status",
        "rule",
        "place",
    }


def test_runs_and_outcomes() -> None:
    assert names(b.run_row()) >= {
        "id",
        "source",
        "reason",
        "mode",
        "result",
        "started_at",
        "finished_at",
        "counts",
        "error",
        "hint",
    }
    assert names(Outcome("jira", "complete", 0)) == {f.name for f in dataclasses.fields(Outcome)}
    assert names(Outcome("jira", "complete", 0)) == {
        "source",
        "result",
        "exit_code",
        "run_id",
        "seq",
        "counts",
        "error",
        "hint",
        "notes",
    }
