"""A process that is killed in the middle of a stream leaves a ledger that counts what it may have cost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from llm_stage import routing
from mergecells.adapters.sqlite_ledger import SqliteLedger
from mergecells.apps.llm_stores import LEDGER_FILE
from mergecells.domain.llm import NANO
from standins.llm import openai_api
from standins.llm.server import model_server

TESTS = Path(__file__).resolve().parents[1]
PROGRAM = """
import sys
import mergecells
from llm_stage import Pinned, Source, llm_config

config = llm_config(open("routing.yaml").read(), budgets="budgets: {run: {warn: 1, halt: 2}}")
llm = mergecells.open_llm(Source(Pinned(config)), state_dir="state")
stream = llm.stream("hook", {"company": "Acme"}, run_id="r")
print(next(stream), flush=True)
list(stream)
"""


def test_process_killed_in_mid_stream_leaves_its_worst_case_counted(tmp_path: Path) -> None:
    """While the lease runs the amount is held back; after it, it counts as spent and is told as lapsed."""
    with model_server(lambda _: openai_api.stream("word " * 5_000, pause=0.02)) as server:
        (tmp_path / "routing.yaml").write_text(routing(server.url))
        environment = {**os.environ, "PYTHONPATH": str(TESTS), "ONE_KEY": "k"}
        with subprocess.Popen(
            [sys.executable, "-c", PROGRAM], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline()
            process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    ledger = SqliteLedger(tmp_path / "state" / LEDGER_FILE)
    (held,) = ledger.read(["run:r"])
    ledger.close()
    assert held.spent == 0
    assert held.reserved >= 50 * 2 / 1e6 * NANO
    later = SqliteLedger(tmp_path / "state" / LEDGER_FILE, now=lambda: time.time() + 3_600)
    (lapsed,) = later.read(["run:r"])
    later.close()
    assert (lapsed.spent, lapsed.reserved, lapsed.lapsed) == (held.reserved, 0, held.reserved)
