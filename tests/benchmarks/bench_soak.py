"""The reference service as shipped, under load, while a revision is published every second; every answer is checked.

    make bench ARGS="soak --seconds 300"

Services (two of `mergecells serve` over one folder), a follower (`mergecells follow`) and a publisher that makes git
commits run as processes of their own; the clients are in this one. Now and then a revision is a rollback, a bad one
that the follower must refuse, or a bad one that is forced past it. An answer that is an error, of a revision that was
never published, bad, mixed or older than what its service had told before ends this with status 1. The peer in the same
run is the same load without swaps.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from soak.programs import SHIPPED
from soak.run import Options, run, table, verdict_lines


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120.0, help="with revisions, after a quarter of it without")
    parser.add_argument("--every", type=float, default=1.0, help="seconds between two revisions")
    parser.add_argument("--services", type=int, default=2)
    parser.add_argument("--connections", type=int, default=4, help="that score, to each service")
    parser.add_argument("--pause", type=float, default=0.02, help="seconds after an answer, on each connection")
    chosen = parser.parse_args()
    soak = run(
        Options(
            seconds=chosen.seconds,
            quiet=min(60.0, chosen.seconds / 4),
            every=chosen.every,
            connections=chosen.connections,
            pause=chosen.pause,
            programs=(SHIPPED,) * chosen.services,
        )
    )
    found = soak.violations()
    print("\n".join([*table(soak), *verdict_lines(found)]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
