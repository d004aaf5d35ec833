"""`mergecells impact`: what a change of rules does to a file of leads."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from acceptance.stage import RULES, Stage, make_stage

LEADS = '{"years": 10, "won": 1}\n{"years": 1, "won": "no"}\n{"years": 3}\n'


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = make_stage(tmp_path)
    (tmp_path / "leads.jsonl").write_text(LEADS)
    rules = stage.root / RULES
    rules.write_text(rules.read_text().replace("min: 80", "min: 0.5", 1))
    return stage


def test_impact_of_the_working_tree_in_json(stage: Stage, tmp_path: Path) -> None:
    """HEAD left out: the files as they are. Blank outcomes are left out of the outcome's figures."""
    answer = stage.run("impact", "HEAD", "--leads", tmp_path / "leads.jsonl", "--outcome", "won", "--output", "json")
    assert answer.status == 0, answer
    told = answer.json
    assert (told["leads"], told["outcome"]["known"], told["outcome"]["converted"]) == (3, 2, 1)
    assert told["base"] == stage.git("rev-parse", "HEAD")
    assert told["head"].startswith("untracked-")
    assert sum(move["leads"] for move in told["matrix"]) == 3


def test_impact_between_equal_revisions_moves_nobody(stage: Stage, tmp_path: Path) -> None:
    """Two names of one commit."""
    text = stage.run("impact", "HEAD", "main", "--leads", tmp_path / "leads.jsonl").output
    assert "0 of 3 leads change score, 0 (0.0%) change tier" in text


def test_impact_writes_pictures_that_are_xml(stage: Stage, tmp_path: Path) -> None:
    """Markdown refers to them by the folder's name as given."""
    charts = tmp_path / "charts"
    answer = stage.run(
        "impact", "HEAD", "--leads", tmp_path / "leads.jsonl", "--charts", charts, "--output", "markdown"
    )
    assert f"![tiers]({charts.as_posix()}/tiers.svg)" in answer.output
    for name in ("tiers", "scores"):
        assert ElementTree.parse(charts / f"{name}.svg").getroot().tag.endswith("svg")
    assert not (charts / "lift.svg").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--outcome", "lost"), "The outcome 'lost' is not a column"),
        (("--date", "soon"), "--date 'soon' is not a date"),
        (("--vertical", "moon"), "There is no vertical 'moon'"),
        (("--by", "colour"), "The field 'colour' is not a column of leads.csv."),
        (("--vertical-from", "branch"), "The vertical 'branch' is not a column of leads.csv."),
    ],
)
def test_impact_refuses_what_it_cannot_use(
    stage: Stage, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    """Exit status 2 and the reason."""
    leads = tmp_path / "leads.csv"
    leads.write_text("years,won\n10,1\n")
    answer = stage.run("impact", "HEAD", "--leads", leads, *options)
    assert (answer.status, answer.output) == (2, "")
    assert message in answer.messages


def test_impact_names_the_line_of_an_outcome_that_is_no_answer(stage: Stage, tmp_path: Path) -> None:
    """Line 3 of the file, counted with its header."""
    leads = tmp_path / "leads.csv"
    leads.write_text("years,won\n10,1\n5,maybe\n")
    answer = stage.run("impact", "HEAD", "--leads", leads, "--outcome", "won")
    assert answer.status == 2
    assert "Line 3: the outcome 'maybe'" in answer.messages


def test_impact_by_a_field_and_by_the_vertical_that_the_file_names(stage: Stage, tmp_path: Path) -> None:
    """A table each, in all three forms; a blank vertical is the base rules."""
    leads = tmp_path / "leads.csv"
    leads.write_text("years,branch,land\n10,saas,DE\n5,,\n3,SaaS,DE\n")
    options = ("--leads", leads, "--by", "land", "--vertical-from", "branch")
    told = stage.run("impact", "HEAD", *options, "--output", "json").json
    assert [(table["by"], len(table["rows"])) for table in told["segments"]] == [("vertical", 2), ("land", 2)]
    text = stage.run("impact", "HEAD", *options).output
    assert "By land" in text
    assert "(blank)" in text
    assert "<details><summary>Tier moves by" in stage.run("impact", "HEAD", *options, "--output", "markdown").output


def test_impact_reads_what_programs_export(stage: Stage, tmp_path: Path) -> None:
    """A byte order mark, CRLF, a ragged row and a field without a column: counted, named, and no end of it."""
    leads = tmp_path / "leads.csv"
    leads.write_bytes("\ufeffyears;won\r\n10;1\r\n5\r\n3;0\r\n".encode())
    answer = stage.run("impact", "HEAD", "--leads", leads, "--outcome", "won")
    assert answer.status == 0, answer
    assert "of 2 leads change score" in answer.output
    assert "1 row could not be used" in answer.output
    assert "Left out: line 3: 1 cells, but the header has 2" in answer.output
    assert "No column in the file, counted as blank on both sides: " in answer.output


def test_impact_refuses_an_outcome_that_is_there_twice(stage: Stage, tmp_path: Path) -> None:
    """Which of the two would count?"""
    leads = tmp_path / "leads.csv"
    leads.write_text("years,won,won\n10,1,0\n")
    answer = stage.run("impact", "HEAD", "--leads", leads, "--outcome", "won")
    assert answer.status == 2
    assert "The column 'won' is there more than once." in answer.messages


def test_impact_with_a_base_that_is_broken_says_which_and_why(stage: Stage, tmp_path: Path) -> None:
    """The revision, and its findings."""
    rules = stage.root / RULES
    good = rules.read_text()
    rules.write_text("version: 3\n")
    stage.git("-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "--quiet", "-am", "Break the rules")
    rules.write_text(good)
    answer = stage.run("impact", "HEAD", "--leads", tmp_path / "leads.jsonl")
    assert answer.status == 1
    assert f"The rules at {stage.git('rev-parse', 'HEAD')[:12]} cannot be used." in answer.messages
    assert "scoring/rules.yaml:1" in answer.messages
