"""The floor: the same requests as a recorded sync, one after the other, by httpx, each answer decoded by orjson and dropped.

python -m benchmarks.bare URL REQUESTS.json
"""

from __future__ import annotations

import json
import os
import pathlib
import sys

import httpx
import orjson


def main(url: str, recorded: str) -> None:
    requests = json.loads(pathlib.Path(recorded).read_text())
    issues = 0
    auth = (os.environ["BENCH_USER"], os.environ["BENCH_TOKEN"])
    with httpx.Client(base_url=url, auth=auth, timeout=120) as client:
        for one in requests:
            body = one["body"]
            content = json.dumps(body) if body else None
            headers = {"Content-Type": "application/json"}
            answer = client.request(one["method"], one["target"], content=content, headers=headers)
            answer.raise_for_status()
            page = orjson.loads(answer.content)
            if "bulkfetch" in one["target"]:
                issues += len(page["issues"])
    print(json.dumps({"issues": issues, "requests": len(requests)}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
