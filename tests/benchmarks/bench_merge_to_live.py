"""From the merge of a pull request to both services at the new revision, with the demo's own processes.

Peer in the same run: the bare time of the same merges (`git merge-tree`, commit, ref), without anyone following.
Run: python tests/benchmarks/bench_merge_to_live.py [MERGES]
"""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
import time
from pathlib import Path

from mergecells.adapters.local_pulls import LocalPulls
from mergecells.apps.demo.loop import make_config
from mergecells.apps.demo.processes import Stage
from mergecells.apps.demo.story import EDITOR, REVIEWER, Story
from mergecells.apps.demo.timeline import Timeline
from mergecells.domain.pulls import Proposal

RULES = "scoring/rules.yaml"


def propose(host: LocalPulls, number: int) -> int:
    """A pull request that changes one value of the rules; the same score for every golden lead."""
    head = host.head("main")
    text = host.read_files(head)[RULES]
    before = text[text.index(b'"paid search",') :].split(b",")[1]
    new = text.replace(b'"paid search",' + before, b'"paid search",0.' + str(10_000 + number).encode(), 1)
    return host.propose(
        Proposal(
            source="bench",
            branch="main",
            title=f"Edit {number}",
            body="",
            author=EDITOR,
            files={RULES: new},
            expected_head=head,
        )
    ).number


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def main(merges: int) -> None:
    """Print merge → live over `merges` merges."""
    with tempfile.TemporaryDirectory(prefix="mergecells-bench-") as folder, Stage(Path(folder)) as stage:
        story = Story(stage, Timeline())
        with contextlib.redirect_stdout(io.StringIO()):
            make_config(story)
        host = LocalPulls(story.bare)
        alone = []
        for number in range(10):
            pull = propose(host, number)
            started = time.monotonic()
            host.merge(pull, REVIEWER)
            alone.append(time.monotonic() - started)
        story.start_services()
        live = []
        for number in range(10, 10 + merges):
            merged = host.merge(propose(host, number), REVIEWER)
            started = time.monotonic()
            story.wait_live(merged.merge_revision or "")
            live.append(time.monotonic() - started)
    bare = percentile(alone, 0.5)
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        value = percentile(live, share)
        print(f"  merge -> live on both services, {name} of {merges}: {value:.3f} s ({value / bare:.1f} x one merge)")
    print(f"  one merge in the bare repository, p50: {bare:.3f} s; target of p99, merge -> live: 1 s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
