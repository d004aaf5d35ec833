"""The ratchet of coverage: what misses its floor is named, and what was not measured misses it."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path

import pytest

pytest_plugins = ("pytester",)

TOOLS = Path(__file__).resolve().parents[2] / "tools"
sys.path.insert(0, str(TOOLS))
import coverage_floor  # noqa: E402 - a script, not a package


def test_share_of_a_package_counts_lines_over_its_files() -> None:
    """Large files weigh more than small ones, and other packages are told apart."""

    def file(ran: int, total: int) -> dict[str, dict[str, int]]:
        return {"summary": {"covered_lines": ran, "num_statements": total}}

    report = {"files": {
        "pipeline/mergecells/formula/a.py": file(90, 90), "pipeline/mergecells/formula/regex/b.py": file(0, 10),
        "pipeline/mergecells/domain/c.py": file(1, 2), "tests/x.py": file(0, 5),
    }}  # fmt: skip
    assert coverage_floor.shares(report) == {"formula": 90.0, "domain": 50.0}


def test_package_below_its_floor_or_not_measured_is_named() -> None:
    """A run that forgot a package must not pass for a good one."""
    assert coverage_floor.below({"a": 89.99, "b": 90.0}, {"a": 90, "b": 90, "c": 1}) == ["a", "c"]


def test_floors_are_those_that_the_project_asks_for() -> None:
    """At least 90 % of lines where the rules are computed; floors only go up."""
    floors = tomllib.loads(coverage_floor.FLOORS.read_text())
    assert floors.keys() == {"domain", "formula", "transforms"}
    assert all(floor >= 90 for floor in floors.values())


def test_run_of_the_tests_fails_below_a_floor(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `make test COVERAGE=1` relies on: every test passes, the report is poor, the status is 1 and the last line
    is still the test runner's."""
    poor = {"files": {"mergecells/formula/a.py": {"summary": {"covered_lines": 1, "num_statements": 10}}}}
    report = pytester.path / "report.json"
    pytester.makeconftest("from coverage_floor import pytest_terminal_summary")
    pytester.makepyfile(test_good="def test_good():\n    pass\n")
    monkeypatch.setenv("COVERAGE_FLOORS", str(report))
    for written in (False, True):
        if written:
            report.write_text(json.dumps(poor))
        ran = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov")
        assert ran.ret == pytest.ExitCode.TESTS_FAILED
        ran.stdout.fnmatch_lines(["coverage formula*BELOW THE FLOOR"])
        assert "1 passed" in ran.outlines[-1]
