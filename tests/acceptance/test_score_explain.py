"""`mergecells score` for one lead, and `--explain`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from acceptance.stage import Answer, command
from acceptance.test_score_command import GOOD, leads, root, score, table

__all__ = ["root"]


def one(root: Path, *arguments: object) -> Answer:
    return command("--config-root", root, "score", "--date", "2024-01-15", *arguments)


def test_score_one_lead_by_its_fields_reads_them_as_cells(root: Path) -> None:
    """A field's name or its column's title; the same score as a file with that row gives."""
    answer = one(root, "--set", "lead_origin=Lead Add Form", "--set", "Lead Source=Reference", "--output", "json")
    assert answer.status == 0, answer
    assert (
        one(root, "--set", "lead_origin=Lead Add Form", "--set", "lead_source=Reference", "--output", "json").json
        == answer.json
    )
    assert one(root, "--set", "lead_origin=Lead Add Form", "--set", "lead_source=Reference").output.startswith(
        "The lead: "
    )


def test_score_one_line_is_that_of_the_whole_file(root: Path, tmp_path: Path) -> None:
    """--set on top answers "what if"."""
    file = leads(tmp_path, *GOOD)
    whole = {row["line"]: row for row in table(score(root, file).output)}
    line = score(root, file, "--line", 3, "--output", "json").json
    assert (line["line"], f"{line['score']:.10g}", line["tier"]) == (3, whole["3"]["score"], whole["3"]["tier"])
    changed = score(
        root, file, "--line", 3, "--set", "current occupation=Working Professional", "--output", "json"
    ).json
    assert changed["score"] > line["score"]


def test_score_explain_one_line_in_text(root: Path, tmp_path: Path) -> None:
    """The lead, its tier, what is missing, each factor with formula, inputs, line and cell."""
    text = score(root, leads(tmp_path), "--line", 3, "--explain").output
    assert text.startswith("Line 3 of leads.csv: ")
    assert "points are missing." in text
    assert "scoring/rules.yaml:" in text
    assert "(Factors!D" in text
    assert "as `mergecells fill` lays it out" in text


def test_score_explain_a_whole_file_as_json_lines(root: Path, tmp_path: Path) -> None:
    """Each line carries its explanation, whose components are the score's."""
    rows = [
        json.loads(line) for line in score(root, leads(tmp_path), "--explain", "--output", "json").output.splitlines()
    ]
    assert [row["line"] for row in rows] == [2, 3, 4]
    for row in rows:
        parts = row["explanation"]["components"]
        assert {part["name"]: part["points"] for part in parts} == row["components"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "There is no lead to score."),
        (("--line", 3), "--line is a line of a file of leads."),
        (("--set", "lead_origin"), "has no =."),
        (("--set", "orgin=x"), "--set 'orgin' is no field of scoring/fields.yaml."),
        (("--set", "lead_origin=x", "--keep", "id"), "--keep goes with a whole file of leads"),
    ],
)
def test_score_one_refuses_what_is_no_lead(root: Path, options: tuple[object, ...], message: str) -> None:
    """Exit status 2, and what to do."""
    answer = one(root, *options)
    assert (answer.status, answer.output) == (2, "")
    assert message in answer.messages


def test_score_one_refuses_a_line_that_holds_no_lead(root: Path, tmp_path: Path) -> None:
    """The header, beyond the end, a row that cannot be read, a file without a line, an explanation in CSV."""
    file = leads(tmp_path, *GOOD, "too,short")
    for options, message in (
        (("--line", 1), "begins on line 1."),
        (("--line", 99), "begins on line 99."),
        (("--line", 5), "Line 5 of"),
        (("--set", "lead_origin=x"), "which one of the file?"),
        (("--explain",), "does not fit into a CSV row"),
    ):
        answer = score(root, file, *options)
        assert (answer.status, answer.output) == (2, ""), options
        assert message in answer.messages
