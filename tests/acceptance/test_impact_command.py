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
