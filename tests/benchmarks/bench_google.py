"""A Google Sheet as the workbook: how many requests, how many bytes, and how much of the time is ours.

    python tests/benchmarks/bench_google.py

The stand-in of the tests answers, in a process of its own; the time in which it works is measured at the client and
taken off, since Google's own time is another. The peer of the same run is the same work with an .xlsx file.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from bench_export import make_files  # noqa: E402

from google_stage import ROBOT  # noqa: E402
from mergecells.adapters.google_auth import SHEETS_SCOPE, find_account  # noqa: E402
from mergecells.adapters.google_http import PatientClient  # noqa: E402
from mergecells.adapters.google_sheets import GoogleSheet  # noqa: E402
from mergecells.adapters.packaged_template import read_template  # noqa: E402
from mergecells.adapters.xlsx_workbook import XlsxWorkbook  # noqa: E402
from mergecells.authoring.export import export_workbook  # noqa: E402
from mergecells.authoring.fill import plan_fill  # noqa: E402
from mergecells.ports import WorkbookSource  # noqa: E402
from standins.google.server import StandIn, running  # noqa: E402

BASE, HEAD = "a" * 40, "b" * 40
ROWS = 10_000


@dataclass
class Count:
    """Requests, bytes sent and received, and seconds spent waiting for answers."""

    requests: int = 0
    sent: int = 0
    received: int = 0
    waited: float = 0.0


class CountingClient(PatientClient):
    """The client of the product, which notes what each request took."""

    count = Count()

    def request(self, method: str, endpoint: str, *args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        response = super().request(method, endpoint, *args, **kwargs)
        self.count.waited += time.perf_counter() - started
        self.count.requests += 1
        self.count.sent += len(response.request.body or b"")
        self.count.received += len(response.content)
        return response


def serve(pipe: Connection) -> None:
    """The stand-in: an address, a key and a spreadsheet's id for each size; ends when the pipe does. Formulas are not
    computed: Google's time for that is not ours either."""
    with running(StandIn(compute_formulas=False)) as standin:
        key = standin.identities.service_account(ROBOT, standin.token_uri)
        books = [standin.drive.add(name, ROBOT).id for name in ("default", "large")]
        pipe.send((standin.url, key, books))
        pipe.recv()


@contextmanager
def standin() -> Iterator[tuple[str, dict[str, str], list[str]]]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(theirs,))
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send(None)
        process.join()


def first_fill(source: WorkbookSource, files: dict[str, bytes]) -> None:
    source.exists()
    plan = plan_fill(files, BASE, None, lambda _: None)
    assert plan.layout is not None
    source.write(plan.layout)
    source.mark({})


def export(source: WorkbookSource, files: dict[str, bytes]) -> None:
    export_workbook(source.read(), files)


def submit(source: WorkbookSource, files: dict[str, bytes]) -> None:
    """What a submission asks of the workbook: read, clear the marks, remember."""
    book = source.read()
    export_workbook(book, files)
    source.mark({})
    source.remember({**book.metadata, "submitted": f"{BASE}:{HEAD}"})


def refill(source: WorkbookSource, files: dict[str, bytes]) -> None:
    """The branch changed one value and added one row in the middle."""
    name = "scoring/rules.yaml"
    lines = files[name].decode().splitlines(keepends=True)
    at = next(number for number in range(len(lines) // 2, len(lines)) if "{weight: " in lines[number])
    indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    lines.insert(at, f"{indent}added_factor: {{weight: 0}}\n")
    changed = {**files, name: "".join(lines).encode()}
    source.exists()
    plan = plan_fill(changed, HEAD, source.read(), lambda _: files)
    assert plan.layout is not None, plan.findings
    source.write(plan.layout)
    source.mark({})


STEPS = {"first fill": first_fill, "export": export, "submit": submit, "fill after a change": refill}


def report(
    label: str, sheet: GoogleSheet, client: CountingClient, files: dict[str, bytes], peer: WorkbookSource
) -> None:
    for step, work in STEPS.items():
        client.count = Count()
        started = time.perf_counter()
        work(sheet, files)
        spent = time.perf_counter() - started
        count = client.count
        started = time.perf_counter()
        work(peer, files)
        other = time.perf_counter() - started
        own = spent - count.waited
        print(
            f"{label}, {step}: {count.requests} requests, {count.sent / 1e6:.2f} MB sent, "
            f"{count.received / 1e6:.2f} MB received; own time {own:.2f} s "
            f"({own / other:.2f} × the same with an .xlsx, {other:.2f} s); "
            f"waited {count.waited:.1f} s for the stand-in",
            flush=True,
        )


def main() -> None:
    with standin() as (url, key, books), tempfile.TemporaryDirectory() as folder:
        account = find_account(json.dumps(key), [SHEETS_SCOPE])
        names = ("default", "large")
        for name, book, files in zip(names, books, (dict(read_template()), make_files(ROWS)), strict=True):
            client = CountingClient(account.credentials, account=account.name, endpoint=url)
            label = "default rules" if name == "default" else f"{ROWS:,} factors"
            report(label, GoogleSheet(client, book), client, files, XlsxWorkbook(Path(folder) / f"{name}.xlsx"))


if __name__ == "__main__":
    main()
