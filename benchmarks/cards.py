"""Trello: CPU of reading boards whole (pages, moves, normalisation) against the same requests made bare and only decoded.

    python -m benchmarks.cards --cards 5000 --rounds 5

Both run in this process, one after the other, against a stand-in that is a process of its own; the bare one repeats the requests
that the connector made, by plain httpx, and decodes each answer by orjson.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time

import httpx
import orjson

import connectors
from connectors.base import IoSettings, Secret, SourceSettings, checked

KEY, TOKEN = "0123456789abcdef0123456789abcdef", "demo-token"
LOGIN = {"authorization": f'OAuth oauth_consumer_key="{KEY}", oauth_token="{TOKEN}"'}
FAST = 1e6
"""Requests a second: what is measured is CPU, not patience."""


def read(url: str) -> tuple[float, int]:
    """CPU seconds and items of a pass over every board."""
    settings = SourceSettings("trello", "trello", f"{url}/1", user=KEY, token=Secret(TOKEN))
    with connectors.open(settings, IoSettings(rate=FAST)) as connector:
        live = [part for part in connector.partitions() if part.state == "live"]
        began = time.process_time()
        items = sum(len(page.items) for part in live for page in checked(connector.changes(part, None, None)))
        return time.process_time() - began, items


def bare(url: str, targets: list[str]) -> float:
    with httpx.Client(base_url=url, headers=LOGIN, timeout=120, trust_env=False) as client:
        client.get("/1/members/me")
        began = time.process_time()
        for target in targets:
            orjson.loads(client.get(target).raise_for_status().content)
        return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cards", description=__doc__)
    parser.add_argument("--cards", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    command = [sys.executable, "-m", "hub.sandbox", "trello", "--cards", str(options.cards), "--until-stdin-closes"]
    with subprocess.Popen(
        [*command, "--today", "2026-11-22"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        url = json.loads(server.stdout.readline())["url"]
        control = f"{url}/_sandbox/log"
        httpx.delete(control)
        _, items = read(url)
        log = [entry for entry in httpx.get(control, timeout=60).json() if "/members/" not in entry["path"]]
        targets = [f"{entry['path']}?{entry['query']}" for entry in log]
        ours = [read(url)[0] / items * 1e6 for _ in range(options.rounds)]
        floor = [bare(url, targets) / items * 1e6 for _ in range(options.rounds)]
        for name, each in (("connector", ours), ("bare", floor)):
            print(f"{name:<10} {statistics.median(each):6.1f} us a card  {min(each):.1f}-{max(each):.1f}")
        print(f"ratio      {statistics.median(ours) / statistics.median(floor):.2f}, {items:,} cards, {len(targets)} requests")
        server.terminate()


if __name__ == "__main__":
    main()
