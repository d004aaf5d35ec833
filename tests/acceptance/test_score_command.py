"""`mergecells score` over files of leads: results apart from messages, whole files only, every row accounted for."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from acceptance.stage import Answer, command

EXAMPLE = Path(__file__).parents[1] / "examples" / "valid" / "x_education"
HEADER = "Prospect ID,Lead Origin,Lead Source,TotalVisits,Total Time Spent on Website,current occupation"
GOOD = [
    "p1,Lead Add Form,Reference,0,0,Working Professional",
    "p2,API,google,4,30,Select",
    '"p3, junior",Landing Page Submission,,,,',
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(EXAMPLE, tmp_path / "config")
    return tmp_path / "config"


def leads(folder: Path, *rows: str, name: str = "leads.csv") -> Path:
    file = folder / name
    file.write_text("\n".join([HEADER, *(rows or GOOD)]) + "\n", encoding="utf-8")
    return file


def score(root: Path, file: Path, *arguments: object) -> Answer:
    return command("--config-root", root, "score", "--leads", file, "--date", "2024-01-15", *arguments)


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_score_csv_writes_a_row_for_each_lead_and_a_summary_apart(root: Path, tmp_path: Path) -> None:
    """stdout is a table that a program can read; stderr tells tiers, columns and issues."""
    answer = score(root, leads(tmp_path), "--keep", "Prospect ID")
    assert answer.status == 0, answer
    rows = table(answer.output)
    assert [(row["line"], row["Prospect ID"], row["tier"]) for row in rows] == [
        ("2", "p1", "A"),
        ("3", "p2", "D"),
        ("4", "p3, junior", "D"),
    ]
    assert all(0 <= float(row["score"]) <= 100 for row in rows)
    assert {row["revision"] for row in rows} == {rows[0]["revision"]}
    assert "3 leads scored" in answer.messages
    assert "5 of 15 fields have a column" in answer.messages
    assert "Prospect ID" in answer.messages
    assert "No issues" in answer.messages


def test_score_csv_keeps_no_cell_that_a_spreadsheet_would_run(root: Path, tmp_path: Path) -> None:
    """What a stranger typed into a web form must not become a formula on the desk of who opens the scores."""
    hostile = ['=HYPERLINK("http://x")', "+cmd|'/c calc'!A0", "-1+1", "@SUM(A1)", " =1", "\t=1", "\uff1d1"]
    harmless = ["p1", "-5", "+49 30 12", "-", "", "1=1", "50%"]
    cells = [*hostile, *harmless]
    file = tmp_path / "leads.csv"
    with file.open("w", newline="") as stream:
        csv.writer(stream).writerows([["=Id", "Lead Origin"], *([cell, "API"] for cell in cells)])
    rows = table(score(root, file, "--keep", "=Id").output)
    assert [row["'=Id"] for row in rows] == [*(f"'{cell}" for cell in hostile), *harmless]
    lines = score(root, file, "--keep", "=Id", "--output", "json").output.splitlines()
    assert [json.loads(line)["=Id"] for line in lines] == cells


def test_score_agrees_with_the_golden_examples(root: Path, tmp_path: Path) -> None:
    """The first row is the golden lead without its other answers; its score is 100 times the sum by hand."""
    (row,) = table(score(root, leads(tmp_path, GOOD[0])).output)
    # origin 15, channel 13.5, occupation 17, website 0.8 x 25, response 1.5, reachability 5
    assert float(row["score"]) == pytest.approx(15 + 13.5 + 17 + 20 + 1.5 + 5)


def test_score_unreadable_rows_are_named_and_the_others_scored(root: Path, tmp_path: Path) -> None:
    """Exit status 1, each bad line with its reason, every other row in the result."""
    answer = score(root, leads(tmp_path, GOOD[0], "p2,API", GOOD[2], "p4,API,x,1,2,3,4,5"))
    assert answer.status == 1
    assert [row["line"] for row in table(answer.output)] == ["2", "4"]
    assert "2 rows could not be read" in answer.messages
    assert "line 3: 2 cells, but the header has 6" in answer.messages
    assert "line 5: 8 cells" in answer.messages


def test_score_text_in_a_number_column_is_an_issue_with_its_lines(root: Path, tmp_path: Path) -> None:
    """The lead is scored all the same; the summary counts the issue and says where."""
    answer = score(root, leads(tmp_path, 'p1,API,x,"1,234",0,', "p2,API,x,many,0,", GOOD[1]))
    assert answer.status == 0
    assert "2 leads with issues" in answer.messages
    assert "total_visits" in answer.messages
    assert "line 2, 3" in answer.messages
    assert "total_visits" in table(answer.output)[0]["issues"]


def test_score_json_lines_in_and_out(root: Path, tmp_path: Path) -> None:
    """One JSON object a line, with the contract's keys."""
    file = tmp_path / "leads.jsonl"
    file.write_text('{"lead_origin": "Lead Add Form", "id": 7}\n[]\n{"Lead Source": "Reference", "id": 8}\n')
    answer = score(root, file, "--keep", "id")
    assert answer.status == 1
    documents = [json.loads(line) for line in answer.output.splitlines()]
    assert [(document["line"], document["id"]) for document in documents] == [(1, 7), (3, 8)]
    assert {"score", "tier", "components", "revision"} <= documents[0].keys()


def test_score_out_is_written_whole_and_json_summary_goes_to_stdout(root: Path, tmp_path: Path) -> None:
    """With --out, stdout is one JSON document about the run."""
    out = tmp_path / "scores.csv"
    answer = score(root, leads(tmp_path), "--out", out, "--output", "json")
    summary = json.loads(answer.output)
    assert (summary["scored"], summary["unreadable"], sum(summary["tiers"].values())) == (3, 0, 3)
    assert list(summary["tiers"]) == ["A", "B", "C", "D"]
    assert len(table(out.read_text())) == 3
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_score_that_fails_midway_leaves_the_former_result(root: Path, tmp_path: Path) -> None:
    """A byte that is not UTF-8 far below: the old file stays, and nothing half-written lies about."""
    out = tmp_path / "scores.csv"
    out.write_text("former")
    file = leads(tmp_path, *(GOOD * 3000))
    with file.open("ab") as bad:
        bad.write(b"caf\xe9,API,x,1,2,\n")
    answer = score(root, file, "--out", out)
    assert answer.status == 1
    assert "UTF-8" in answer.messages
    assert out.read_text() == "former"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config", "leads.csv", "scores.csv"]


def test_score_in_a_vertical_and_at_a_date(root: Path, tmp_path: Path) -> None:
    """The vertical's weights decide: the occupation counts less."""
    file = leads(tmp_path, GOOD[0])
    (base,), (evening,) = (
        table(score(root, file).output),
        table(score(root, file, "--vertical", "professionals").output),
    )
    assert float(evening["score"]) < float(base["score"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--vertical", "nobody"], "professionals"),
        (["--date", "2024-02-30"], "YYYY-MM-DD"),
        (["--format", "xlsx"], "csv, jsonl or parquet"),
        (["--keep", "Phone"], "Phone"),
        (["--out", "."], "folder"),
        (["--out", "nowhere/scores.csv"], "nowhere"),
    ],
)
def test_score_called_wrongly_says_what_to_do(root: Path, tmp_path: Path, arguments: list[str], told: str) -> None:
    """Exit status 2, words, nothing on stdout."""
    answer = score(root, leads(tmp_path), *arguments)
    assert (answer.status, answer.output) == (2, "")
    assert told in answer.messages


def test_score_out_over_the_leads_themselves_is_refused(root: Path, tmp_path: Path) -> None:
    """Nobody loses the leads by a slip."""
    file = leads(tmp_path)
    before = file.read_text()
    assert score(root, file, "--out", file).status == 2
    assert file.read_text() == before


def test_score_with_a_config_that_has_errors_names_them(root: Path, tmp_path: Path) -> None:
    """Exit status 1 with every finding; no lead is scored by broken rules."""
    rules = root / "scoring" / "rules.yaml"
    rules.write_text(rules.read_text().replace("weight: 0.25", "weight: 0.5"))
    answer = score(root, leads(tmp_path))
    assert (answer.status, answer.output) == (1, "")
    assert "rule.weight-sum" in answer.messages


def run_process(root: Path, file: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "mergecells", "--config-root", str(root), "score", "--leads", str(file), *arguments]


def test_score_into_a_closed_pipe_ends_quietly(root: Path, tmp_path: Path) -> None:
    """`| head -1` is no error and no traceback."""
    file = leads(tmp_path, *(GOOD * 3000))
    writer = subprocess.Popen(run_process(root, file), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    assert writer.stdout.readline().startswith("line,")
    writer.stdout.close()
    assert writer.stderr is not None
    messages = writer.stderr.read()
    writer.stderr.close()
    assert writer.wait(20) == 0
    assert "Traceback" not in messages
    assert "BrokenPipe" not in messages


def test_score_interrupted_leaves_nothing_half_written(root: Path, tmp_path: Path) -> None:
    """Ctrl-C: exit status 130, no result file, no temporary file, no traceback."""
    file = tmp_path / "leads.fifo"
    os.mkfifo(file)
    out = tmp_path / "scores.csv"
    process = subprocess.Popen(
        run_process(root, file, "--format", "csv", "--out", str(out)), stderr=subprocess.PIPE, text=True
    )
    with file.open("w") as feed:
        feed.write("\n".join([HEADER, *GOOD * 500]) + "\n")
        feed.flush()
        deadline = time.monotonic() + 20
        while not list(tmp_path.glob(".scores.csv.*")) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        messages = process.communicate(timeout=20)[1]
    # CPython ends by the signal itself, which a shell shows as 130 too, where it came while a dataclass was being made.
    assert process.returncode in (130, -signal.SIGINT)
    assert "Traceback" not in messages
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config", "leads.fifo"]


def test_score_on_a_terminal_shows_progress_and_wipes_it(root: Path, tmp_path: Path) -> None:
    """A bar while it works; afterwards the line is clear for the summary."""
    file = leads(tmp_path, *(GOOD * 3000))
    ours, theirs = pty.openpty()
    process = subprocess.Popen(run_process(root, file, "--out", str(tmp_path / "out.csv")), stderr=theirs)
    os.close(theirs)
    shown = b""
    while process.poll() is None or select.select([ours], [], [], 0.1)[0]:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                shown += os.read(ours, 65536)
            except OSError:
                break
    os.close(ours)
    assert process.wait() == 0
    text = shown.decode()
    assert "█" in text
    assert "%" in text
    assert text.rsplit("\r\x1b[2K", 1)[1].startswith("9,000 leads scored")


def test_score_of_a_large_file_equals_the_scores_of_its_parts(root: Path, tmp_path: Path) -> None:
    """CSV read in blocks gives every row, kept column, issue and refusal that row by row reading gives."""
    pytest.importorskip("pyarrow")
    rows = [f'"=p{n}, x",API,google,{n % 40},{n % 977}.25,Select' for n in range(60_000)]
    rows[500:500] = ["p,API,google,4,n/a,Select", "too,short"]
    rows += [f"{'x' * 40}{n},API,google,{n % 9},30,Select" for n in range(40_000)]
    whole = leads(root, *rows)
    assert whole.stat().st_size > 4 * 1024 * 1024
    answer = score(root, whole, "--keep", "Prospect ID", "--out", tmp_path / "all.csv")
    assert answer.status == 1
    assert "line 503: 2 cells, but the header has 6" in answer.messages
    lines = (tmp_path / "all.csv").read_text().splitlines()
    assert len(lines) == 100_002
    part = score(root, leads(root, *rows[:600], name="part.csv"), "--keep", "Prospect ID")
    assert lines[:600] == part.output.splitlines()[:600]
    typed = tmp_path / "all.parquet"
    assert score(root, whole, "--keep", "Prospect ID", "--out", typed).status == 1
    from pyarrow import parquet

    found = parquet.read_table(typed)
    assert [f"{value:.10g}" for value in found["score"].to_pylist()] == [
        row["score"] for row in table("\n".join(lines))
    ]
    assert found["line"].to_pylist() == [int(row["line"]) for row in table("\n".join(lines))]
    assert found.schema.metadata[b"date"] == b"2024-01-15"


def test_score_reads_parquet(root: Path, tmp_path: Path) -> None:
    """Typed columns are scored as the same leads in CSV are."""
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    columns = {"Lead Source": ["Reference", "google", None], "TotalVisits": [0.0, 4.0, None], "Prospect ID": [1, 2, 3]}
    parquet.write_table(pa.table(columns), tmp_path / "leads.parquet")
    answer = score(root, tmp_path / "leads.parquet", "--keep", "Prospect ID")
    same = [f"{number},,{source or ''},{'' if visits is None else visits},," for number, (source, visits) in
            enumerate(zip(columns["Lead Source"], columns["TotalVisits"], strict=True), 1)]  # fmt: skip
    expected = score(root, leads(root, *same))
    assert [row["score"] for row in table(answer.output)] == [row["score"] for row in table(expected.output)]
    assert [row["Prospect ID"] for row in table(answer.output)] == ["1", "2", "3"]
