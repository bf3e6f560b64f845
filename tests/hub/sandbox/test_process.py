"""The sandbox as a process: its start, its end, its log, and that the same seed is the same company."""

from __future__ import annotations

import json
import subprocess
import sys

import httpx
import pytest

from tests.hub.sandbox.process import ROOT, Sandbox, sandbox

SEARCH = "/rest/api/3/search/jql"
EVERYTHING = {"jql": "id > 1 ORDER BY key", "fields": "*all", "maxResults": "100"}


def test_two_processes_of_one_seed_answer_the_same_bytes(sb: Sandbox) -> None:
    paths = ("/rest/api/3/field", "/rest/api/3/status", "/rest/api/3/serverInfo", "/rest/agile/1.0/board")
    with sandbox(issues=300, seed=7) as other, sandbox(issues=300, seed=8) as stranger:
        for path in paths:
            assert sb.http.get(path).content == other.http.get(path).content
        ours, theirs, strange = (each.http.get(SEARCH, params=EVERYTHING).content for each in (sb, other, stranger))
        assert ours == theirs != strange


def test_one_line_when_ready_and_an_end_with_stdin() -> None:
    command = [sys.executable, "-m", "hub.sandbox", "jira", "--issues", "10", "--today", "2026-11-22", "--until-stdin-closes"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None and process.stdin is not None
    ready = json.loads(process.stdout.readline())
    assert ready == {"ready": True, "url": ready["url"], "pid": process.pid}
    assert ready["url"].startswith("http://127.0.0.1:")
    out, err = process.communicate(timeout=20)  # closes our end of its stdin
    assert (process.returncode, out, err) == (0, "", "")


def test_the_log_keeps_requests_and_no_credential(sb: Sandbox) -> None:
    sb.get("/ex/jira/cloud/rest/api/3/myself", expand="groups")
    sb.bulkfetch("CORE-1", fields=["summary"])
    httpx.get(f"{sb.url}/rest/api/3/field", trust_env=False)
    first, second, third = sb.log()
    assert (first["method"], first["path"], first["query"]) == ("GET", "/rest/api/3/myself", "expand=groups")
    assert first["full_path"] == "/ex/jira/cloud/rest/api/3/myself"
    assert json.loads(second["body"]) == {"issueIdsOrKeys": ["CORE-1"], "fields": ["summary"]}
    assert (first["authorization"], third["authorization"]) == (True, False)
    assert sb.control("DELETE", "log") == sb.log() == []
    sb.get("/rest/api/3/field")
    assert "authorization" not in first["headers"] and "demo-token" not in json.dumps(sb.log())


def test_a_reset_forgets_everything(sb: Sandbox) -> None:
    before = sb.http.get(SEARCH, params=EVERYTHING).content
    sb.mutate("update", issue="CORE-1", fields={"summary": "Other"})
    sb.fault("html", path="/rest/api/3/myself", times=0)
    sb.switch(page_limit=1)
    sb.clock(shift=60)
    sb.reset()
    assert sb.log() == [] and sb.faults() == []
    assert sb.http.get(SEARCH, params=EVERYTHING).content == before
    assert sb.get("/rest/api/3/myself")["accountId"]


def test_the_truth_of_one_issue(sb: Sandbox) -> None:
    sb.mutate("update", issue="CORE-1", fields={"summary": "Other"})
    assert sb.truth("CORE-1")["summary"] == "Other"
    assert sb.control_http.get("/truth/NOPE-1").status_code == 404
    assert sb.control_http.post("/switches", json={"nothing": 1}).status_code == 400
    assert "token" not in sb.switch()


def test_the_clock_stands_still_unless_it_ticks() -> None:
    with sandbox(issues=10) as still:
        assert still.clock() == still.clock()
    with sandbox(issues=10, ticking=True) as ticking:
        first = ticking.clock()
        later = [ticking.clock() for _ in range(50)]
        assert later[-1] > first


def test_latency_is_a_switch(sb: Sandbox) -> None:
    sb.switch(latency=0.2)
    with pytest.raises(httpx.ReadTimeout):
        sb.http.get("/rest/api/3/myself", timeout=0.05)
    sb.switch(latency=0)
    assert sb.get("/rest/api/3/myself")


@pytest.mark.slow
def test_a_million_issues() -> None:
    with sandbox(issues=1_000_000) as big:
        count = big.post(
            "/rest/api/3/search/approximate-count", {"jql": "project in (CORE, GROW, IDN, PLAT, BILL, MOB, DATA, ITSD)"}
        )
        assert count == {"count": 1_000_000}
        page = big.get(SEARCH, jql="project = PLAT ORDER BY key", maxResults=5000)
        assert len(page["issues"]) == 5000
        ids = [row["id"] for row in page["issues"][-100:]]
        assert [row["id"] for row in big.bulkfetch(*ids)["issues"]] == ids
        deep = big.get(SEARCH, jql="project = PLAT AND id > 600000 ORDER BY key", maxResults=100, fields="summary")
        assert len(deep["issues"]) == 100
