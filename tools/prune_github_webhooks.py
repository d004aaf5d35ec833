"""Cut GitHub's published webhook schemas down to the events that the hub hears.

Run: python tools/prune_github_webhooks.py SCHEMA_JSON

SCHEMA_JSON is `schema.json` of the npm package @octokit/webhooks-schemas. Writes tests/conformance/github/.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OUT = Path(__file__).resolve().parents[1] / "tests" / "conformance" / "github" / "webhooks.json.gz"
EVENTS = (
    "ping$event",
    "push$event",
    "pull_request$opened",
    "pull_request$synchronize",
    "pull_request$closed",
    "pull_request_review$submitted",
    "pull_request_review$dismissed",
    "check_run$completed",
    "check_suite$completed",
    "star$created",
)
"""The last is one that the hub ignores."""


def main() -> None:
    whole = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["definitions"]
    kept: dict[str, Any] = {}
    waiting = list(EVENTS)
    while waiting:
        name = waiting.pop()
        if name not in kept:
            kept[name] = stripped(whole[name])
            waiting += references(whole[name])
    text = json.dumps({"definitions": kept}, separators=(",", ":"), sort_keys=True)
    # No name and no time in the header: the same input gives the same bytes.
    OUT.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        target = value.get("$ref")
        if isinstance(target, str):
            yield target.removeprefix("#/definitions/")
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def stripped(value: Any, named: bool = False) -> Any:
    """Without prose; `named` where keys are names and not words of the schema language."""
    if isinstance(value, dict):
        return {
            key: stripped(part, key == "properties")
            for key, part in value.items()
            if named or key not in {"description", "title", "$schema", "tsAdditionalProperties"}
        }
    return [stripped(part) for part in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main()
