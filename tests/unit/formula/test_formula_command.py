"""`mergecells formula`, run as a program."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mergecells.apps.cli import main


class Result(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Result]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """The program in this process: what it prints and its exit status."""

    def run_program(*arguments: str) -> Result:
        status = main.run(["formula", *arguments])
        return Result(status, *capsys.readouterr())

    return run_program


def answers(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (["=IF(years>=10,1,years/10)", "--set", "years=3"], "0.3"),
        (["=1/0"], "#DIV/0!"),
        (['=a&"-"&b', "--set", 'a="007"', "--set", "B=x"], "007-x"),
        (["=IF(c,1,2)", "--set", "c=TRUE"], "1"),
        (["=ISBLANK(d)", "--set", "d="], "TRUE"),
        (["=0.1+0.2"], "0.3"),
        (["={1,2;3,4}*2"], "2\t4\n6\t8"),
        (["=COUNTIF(list,2)", "--set", "list=[1,2,2]"], "2"),
        (["=YEAR(TODAY())", "--date", "2024-02-29"], "2024"),
    ],
)
def test_formula_eval_prints_what_a_cell_would_show(arguments: list[str], printed: str, run: Run) -> None:
    """Names from --set, without regard to case; results on stdout alone."""
    result = run("eval", *arguments)
    assert (result.stdout, result.returncode) == (printed + "\n", 0)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["=1+"], 1, "character 4"),
        (["=NOW()"], 1, "NOW"),
        (["=TODAY()"], 1, "never the clock"),
        ([], 2, "formula or --cases"),
        (["=1", "--cases", "x"], 2, "formula or --cases"),
        (["=x", "--set", "x"], 2, "NAME=VALUE"),
        (["=1", "--date", "soon"], 2, "no date"),
        (["--cases", "/missing.jsonl"], 2, "missing.jsonl"),
    ],
)
def test_formula_eval_that_cannot_answer_says_why(arguments: list[str], status: int, message: str, run: Run) -> None:
    """Exit 1: the formula is not supported; 2: the call is wrong. Never a traceback, nothing on stdout."""
    result = run("eval", *arguments)
    assert (result.returncode, result.stdout) == (status, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_formula_cases_bad_lines_spoil_themselves_only(tmp_path: Path, run: Run) -> None:
    """Every line gets an answer, in order; one that is no case makes the exit status 1."""
    good = {"id": "g", "formula": "=a*2", "inputs": {"A": 2}}
    lines = [
        json.dumps(good),
        "no json",
        '{"id": 2}',
        '{"id": 3, "formula": 5}',
        '{"id": 4, "formula": "=1", "inputs": []}',
        '{"id": 5, "formula": "=1", "inputs": [1]}',
        "[1]",
        "[" * 100_000,
        '{"id": 8, "formula": "=TODAY()", "date": "never"}',
        "",
        '{"id": 9, "formula": "=x+1", "inputs": {"x": 1' + "0" * 5000 + "}}",
        json.dumps({**good, "id": "last"}),
    ]
    path = tmp_path / "cases.jsonl"
    path.write_bytes("\n".join(lines).encode() + b'\n\xff\xfe\n{"id": "end", "formula": "=1"}')
    result = run("eval", "--cases", str(path))
    found = answers(result.stdout)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert found[0] == {"id": "g", "value": 4}
    assert [row.get("id") for row in found] == ["g", None, 2, 3, 4, 5, None, None, 8, None, "last", None, "end"]
    assert all("line 2" in row["error"] for row in found[1:2])
    assert found[-1] == {"id": "end", "value": 1}


@pytest.mark.parametrize(
    ("case", "answer"),
    [
        ('{"id": ["ü"], "formula": "=SUM(x)", "inputs": {"x": [{"error": "#N/A"}]}}', '{"id": ["ü"], "error": "#N/A"}'),
        ('{"id": "\\ud800", "formula": "=x", "inputs": {"x": "日"}}', '{"id": "\\ud800", "value": "\\u65e5"}'),
        ('{"id": NaN, "formula": "=1"}', '{"id": null, "error": "line 1: not a JSON object"}'),
        ('{"id": 1, "formula": "={7}"}', '{"id": 1, "value": 7}'),
        ('{"id": 2, "formula": "=none+1"}', '{"id": 2, "error": "#NAME?"}'),
        ('{"id": 3, "formula": "=d", "inputs": {"d": "2024-01-01"}}', '{"id": 3, "value": "2024-01-01"}'),
    ],
)  # fmt: skip
def test_formula_case_of_an_unusual_kind_gets_its_own_id_and_answer(
    case: str, answer: str, tmp_path: Path, run: Run
) -> None:
    """Any JSON as an id, errors in lists, half a surrogate pair, which UTF-8 cannot hold, a number that is no JSON."""
    (tmp_path / "cases.jsonl").write_text(case, "utf-8")
    assert run("eval", "--cases", str(tmp_path / "cases.jsonl")).stdout == answer + "\n"


def test_formula_case_with_an_object_as_an_input_is_refused(tmp_path: Path, run: Run) -> None:
    """An object that is no error value has no meaning in a cell; the answer says what would."""
    (tmp_path / "cases.jsonl").write_text('{"id": 1, "formula": "=x", "inputs": {"x": {"a": 1}}}', "utf-8")
    result = run("eval", "--cases", str(tmp_path / "cases.jsonl"))
    assert "#DIV/0!" in answers(result.stdout)[0]["error"]
    assert result.returncode == 1


def test_formula_cases_from_standard_input_with_all_engines() -> None:
    """Values, errors, refusals and arrays in the forms of the contract; exit 0 when every line is a case."""
    cases = [
        {"id": 1, "formula": '="a"&x', "inputs": {"x": None}},
        {"id": 2, "formula": "=1/x", "inputs": {"x": 0}},
        {"id": 3, "formula": "=RAND()"},
        {"id": 4, "formula": "=items*2", "inputs": {"items": [1, "x"]}},
        {"id": 5, "formula": "=x", "inputs": {"x": None}},
        {"id": 6, "formula": "=IFNA(x,1)", "inputs": {"x": {"error": "#N/A"}}},
        {"id": 7, "formula": "=SUM(1;2)"},
        {"id": 8, "formula": "=x>1", "inputs": {"x": "text"}},
    ]
    command = [sys.executable, "-m", "mergecells", "formula", "eval", "--cases", "-", "--engine", "all"]
    lines = "\n".join(map(json.dumps, cases))
    result = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=60, check=False)
    found = answers(result.stdout)
    assert result.returncode == 0
    assert found[0] == {"id": 1, "value": "a"}
    assert found[1] == {"id": 2, "error": "#DIV/0!"}
    assert "RAND" in found[2]["unsupported"]
    assert found[3] == {"id": 4, "value": [[2], [{"error": "#VALUE!"}]]}
    assert found[4] == {"id": 5, "value": 0}
    assert found[5] == {"id": 6, "value": 1}
    assert "comma" in found[6]["unsupported"]
    assert found[7] == {"id": 8, "value": True}


def test_formula_functions_lists_every_function_with_its_engines(run: Run) -> None:
    """JSON for programs and a table for people."""
    rows = json.loads(run("functions", "--output", "json").stdout)
    by_name = {row["name"]: row for row in rows}
    assert {"IF", "IFERROR", "DATEDIF", "COUNTIF", "TEXTJOIN", "LOOKUP"} <= by_name.keys()
    assert by_name["IFERROR"]["syntax"] == "IFERROR(value, otherwise)"
    assert {"compiled", "reference"} <= set(by_name["SUM"]["engines"])
    table = run("functions").stdout
    assert f"{len(rows)} functions" in table
    assert "MEDIAN(number, …)" in table
