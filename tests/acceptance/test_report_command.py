"""`mergecells report` and `mergecells history`: from recorded calls to what people and programs read."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from acceptance.stage import command
from fakes.llm_samples import turn
from mergecells.adapters.sql_history import SqlTurnLog
from mergecells.domain.llm import Turn

RULES = """\
version: "1"
tiers: {A: {min: 0}}
components:
  c: {weight: 1, factors: {f: {weight: 1, formula: "=1"}}}
"""
ADA = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
BOB = ("-c", "user.name=Bob", "-c", "user.email=bob@example.org")


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config root with budgets, whose second commit merges Ada's pull request #7 by Bob, and whose third is his."""
    folder = tmp_path / "leads"
    for name, text in {
        "scoring/rules.yaml": RULES,
        "mergecells.yaml": "version: 1\n",
        "prompts/budgets.yaml": "budgets: {day: {warn: 1, halt: 2}, 'persona:ada': {warn: 0.5, halt: 4}}\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, *BOB, "commit", "-qm", "Begin")
    git(folder, "checkout", "-qb", "longer")
    (folder / "prompts/hook.md").write_text("---\nname: hook\n---\nWrite a long text.\n")
    git(folder, "add", ".")
    git(folder, *ADA, "commit", "-qm", "Ask for longer hooks")
    git(folder, "checkout", "-q", "main")
    git(folder, *BOB, "merge", "-q", "--no-ff", "longer", "-m", "Merge pull request #7 from acme/longer")
    monkeypatch.setenv("MERGECELLS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(folder)
    return folder


def remember(place: Path, *turns: Turn) -> None:
    log = SqlTurnLog(f"sqlite:///{place}", close_seconds=30)
    for each in turns:
        log.record_turn(each)
    log.close()
    assert log.counts().written == len(turns)


@pytest.fixture
def calls(root: Path, tmp_path: Path) -> list[Turn]:
    """Sixty calls: thirty before the merge, thirty after it at twice the cost."""
    now = time.time()
    old, new = git(root, "rev-parse", "main~1"), git(root, "rev-parse", "main")
    made = [
        turn(
            f"call-{number}",
            0.001 * (1 + number % 7 / 10) * (2 if number >= 30 else 1),
            at=now - 3_600 + number * 60,
            revision=new if number >= 30 else old,
        )
        for number in range(60)
    ]
    remember(tmp_path / "state/history.sqlite3", *made)
    return made


def test_report_costs_names_the_pull_request_that_made_calls_dearer(
    calls: list[Turn], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The revision, its number, its title, and its author, who is not the one who merged."""
    monkeypatch.setenv("COLUMNS", "200")
    answer = command("report", "costs", "--by", "revision", "--days", "2")
    assert answer.status == 0, answer.messages
    line = next(line for line in answer.output.splitlines() if "cost per call" in line)
    assert "#7 Ask for longer hooks" in line
    assert "Ada <ada@example.org>" in line
    assert calls[-1].revision[:12] in line
    assert "+100%" in line


def test_report_costs_json_holds_sums_budgets_and_shift(calls: list[Turn]) -> None:
    """What a program needs: exact money, the state of budgets, and the shift with its pull request."""
    answer = command("report", "costs", "--by", "persona", "--days", "2", "--output", "json")
    document = answer.json
    expected = sum(round((each.usage.cost_est or 0) * 1e9) for each in calls)
    assert document["total"]["cost_nano_usd"] == expected
    assert [row["persona"] for row in document["rows"]] == ["ada"]
    assert {state["key"] for state in document["budgets"]} >= {"persona:ada"}
    (shift,) = document["shifts"]
    assert (shift["pulls"][0]["number"], shift["pulls"][0]["merged_by"]) == (7, "Bob <bob@example.org>")


def test_report_costs_writes_files(calls: list[Turn], tmp_path: Path) -> None:
    """CSV to a file, a chart beside it, and nothing on stdout."""
    out, chart = tmp_path / "costs.csv", tmp_path / "costs.svg"
    answer = command("report", "costs", "--output", "csv", "--out", out, "--chart", chart)
    assert (answer.status, answer.output) == (0, "")
    assert out.read_text().splitlines()[0].startswith("prompt,calls,failed,")
    assert chart.read_text().startswith("<svg ")
    assert "#7" in chart.read_text()


def test_report_costs_into_no_folder_is_an_error_that_says_so(calls: list[Turn], tmp_path: Path) -> None:
    """No traceback, no half file."""
    answer = command("report", "costs", "--out", tmp_path / "nowhere" / "x.txt")
    assert answer.status == 2
    assert "nowhere" in answer.messages


def test_report_without_a_history_says_where_it_looked(root: Path, tmp_path: Path) -> None:
    """The first thing a person sees before the first call."""
    answer = command("report", "costs")
    assert answer.status == 1
    assert str(tmp_path / "state" / "history.sqlite3") in answer.messages
    assert not (tmp_path / "state" / "history.sqlite3").exists()


@pytest.mark.parametrize(
    ("history", "said"),
    [
        ("mysql://h/d", "History is not kept in mysql"),
        ("sqlite://", "in memory"),
        ("nonsense://", "History is not kept in nonsense"),
    ],
)
def test_report_of_a_strange_url_is_refused(root: Path, history: str, said: str) -> None:
    """Usage errors, each with what can be given instead."""
    answer = command("report", "costs", "--history", history)
    assert (answer.status, said in answer.messages) == (2, True), answer.messages


def test_report_of_a_file_that_is_no_database_is_refused(root: Path, tmp_path: Path) -> None:
    """Its content stays as it was."""
    (tmp_path / "notes.txt").write_text("not a database, but long enough to look at" * 50)
    answer = command("report", "costs", "--history", tmp_path / "notes.txt")
    assert answer.status == 1
    assert "not a database" in answer.messages
    assert (tmp_path / "notes.txt").read_text().startswith("not a database, but")


def test_report_of_a_dead_server_hides_its_password(root: Path) -> None:
    """The address is shown without what must not be seen."""
    answer = command("report", "costs", "--history", "postgresql://ada:geheim@127.0.0.1:1/leads")
    assert answer.status == 1
    assert "127.0.0.1" in answer.messages
    assert "geheim" not in answer.messages


def test_report_until_no_date_is_refused(calls: list[Turn]) -> None:
    """A date is a date."""
    assert command("report", "costs", "--until", "yesterday").status == 2


def test_history_synthetic_is_labelled_in_every_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made-up records say that they are, also outside of a config root and in JSON; a second time is refused."""
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "made-up.sqlite3"
    assert command("history", "synthetic", place, "--days", "10", "--calls", "40").status == 0
    text = command("report", "costs", "--history", place, "--days", "10", "--chart", tmp_path / "c.svg")
    assert "SYNTHETIC" in text.output
    assert "SYNTHETIC" in (tmp_path / "c.svg").read_text()
    document = json.loads(command("report", "costs", "--history", place, "--output", "json").output)
    assert any("SYNTHETIC" in note for note in document["notes"])
    again = command("history", "synthetic", place)
    assert (again.status, "holds calls already" in again.messages) == (2, True)


def test_history_prune_is_a_dry_run_until_apply(calls: list[Turn], tmp_path: Path) -> None:
    """It counts first."""
    remember(tmp_path / "state/history.sqlite3", turn("old", at=time.time() - 40 * 86_400))
    counted = command("history", "prune", "--days", "30", "--output", "json").json
    assert (counted["rows"]["turns"], counted["deleted"]) == (1, False)
    deleted = command("history", "prune", "--days", "30", "--apply")
    assert deleted.output.startswith("Deleted what is older than 30 days in ")
    assert command("history", "prune", "--days", "30", "--output", "json").json["rows"]["turns"] == 0


def test_quality_record_and_report_go_by_call_and_revision(calls: list[Turn]) -> None:
    """A person's scores of one call get its revision, prompt and persona, and overall is weighed from them."""
    answer = command(
        "quality", "record", "--call", "call-59", "--completeness", "1", "--clarity", "0.5", "--judge", "ada",
        "--output", "json",
    )  # fmt: skip
    assert answer.status == 0, answer.messages
    assert answer.json["overall"] == pytest.approx((0.4 * 1 + 0.2 * 0.5) / 0.6)
    assert (answer.json["revision"], answer.json["persona"]) == (calls[-1].revision, "ada")
    report = command("report", "quality", "--by", "revision", "--output", "json").json
    assert [row["revision"] for row in report["rows"]] == [calls[-1].revision]
    people = command("report", "personas", "--output", "json").json
    assert people["rows"][0]["stages"][0]["quality"]["records"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--call", "nobody", "--clarity", "1"), "No call 'nobody'"),
        (("--call", "call-1", "--clarity", "1.5"), "between 0 and 1"),
        (("--call", "call-1", "--clarity", "nan"), "between 0 and 1"),
        (("--call", "call-1"), "nothing to record"),
    ],
)
def test_quality_record_of_nonsense_is_refused(calls: list[Turn], arguments: tuple[str, ...], said: str) -> None:
    """Nothing is written."""
    answer = command("quality", "record", *arguments)
    assert (answer.status, said in answer.messages) == (2, True), answer.messages
    assert command("report", "quality", "--output", "json").json["total"]["records"] == 0


def test_quality_evaluate_fails_the_gate_with_status_1(root: Path) -> None:
    """A good answer passes, an answer without what was asked for does not, an empty one is not judged."""
    (root / "prompts/lead.md").write_text(
        "---\nname: lead\ninputs: {note: {sample: x}}\n"
        "outputs: {type: object, required: [size, town], properties: {size: {type: integer}, town: {type: string}}}\n"
        "---\nRead {{ note }}.\n"
    )
    (root / "good.json").write_text('{"size": 240, "town": "Leeds"}')
    (root / "bad.json").write_text('{"town": ""}')
    (root / "empty.json").write_text("\n")
    given = ("--set", "note=240 people in Leeds", "--output", "json")
    good = command("quality", "evaluate", "lead", "--answer", "good.json", *given)
    assert (good.status, good.json["passed"], good.json["completeness"], good.json["traceability"]) == (0, True, 1, 1)
    bad = command("quality", "evaluate", "lead", "--answer", "bad.json", *given)
    assert (bad.status, bad.json["validation_passed"], bad.json["completeness"]) == (1, False, 0.0)
    empty = command("quality", "evaluate", "lead", "--answer", "empty.json", *given)
    assert (empty.status, empty.json["overall"], empty.json["passed"]) == (0, None, None)


def test_report_weekly_names_revisions_with_their_pull_requests(calls: list[Turn], tmp_path: Path) -> None:
    """The rollup as markdown in a file: what a workflow puts into an issue."""
    out = tmp_path / "week.md"
    assert command("report", "weekly", "--output", "markdown", "--out", out).status == 0
    text = out.read_text()
    assert text.startswith("## Weekly rollup")
    assert "#7 Ask for longer hooks" in text
    assert "| turns | 60 |" in text


def test_history_show_tells_a_call_and_a_run(calls: list[Turn]) -> None:
    """A call with its attempts, a run with its nodes, and for what is neither an error."""
    call = command("history", "show", "call-3")
    assert (call.status, "overloaded 529" in call.output, "Rules that match" in call.output) == (0, True, True)
    run = command("history", "show", "run-1", "--output", "json").json
    assert sum(node["calls"] for node in run["nodes"]) == len(calls)
    assert run["cost_nano_usd"] == sum(round((each.usage.cost_est or 0) * 1e9) for each in calls)
    assert "draft" in command("history", "show", "run-1").output
    assert command("history", "show", "nobody").status == 2
