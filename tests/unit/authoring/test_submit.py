"""The use case of submitting, on fakes: races with other people's merges, and a workbook that cannot be marked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from fakes.fake_pull_request_host import FakePullRequestHost
from mergecells.adapters.packaged_template import read_template
from mergecells.adapters.xlsx_workbook import XlsxWorkbook
from mergecells.authoring.fill import plan_fill
from mergecells.authoring.submit import SubmitRequest, submit_workbook
from mergecells.domain.errors import HeadMovedError, MergecellsError
from mergecells.domain.locations import CellRef
from mergecells.domain.pulls import Proposal, PullRequest
from mergecells.domain.workbook import Cell, Workbook
from small_config import small_config

RULES = "scoring/rules.yaml"
REQUEST = SubmitRequest(workbook="scoring.xlsx", branch="main", author="Ada <ada@example.org>")


@dataclass
class GivenWorkbook:
    """A workbook as a value; remembers what was marked."""

    workbook: Workbook
    locked: bool = False
    marks: dict[CellRef, str] = field(default_factory=dict)

    def describe(self) -> str:
        return self.workbook.source

    def read(self) -> Workbook:
        return self.workbook

    def write(self, layout: object) -> None:
        raise AssertionError("submit never rewrites the workbook")

    def mark(self, marks: Mapping[CellRef, str]) -> None:
        if self.locked:
            raise MergecellsError("The file is open elsewhere.")
        self.marks = dict(marks)

    def remember(self, metadata: Mapping[str, str]) -> None:
        if self.locked:
            raise MergecellsError("The file is open elsewhere.")
        self.workbook = replace(self.workbook, metadata={**self.workbook.metadata, **metadata})


class MovingHost(FakePullRequestHost):
    """Somebody merges into main just before each of the first `rivals` proposals."""

    rivals = 0

    def propose(self, proposal: Proposal) -> PullRequest:
        if self.rivals:
            self.rivals -= 1
            rules = self.commits[self.branches["main"]][RULES]
            self.push({RULES: rules.replace(b"this week", b"this week, please", 1)})
        return super().propose(proposal)


@pytest.fixture
def host() -> MovingHost:
    return MovingHost(small_config(read_template()))


def edited(host: FakePullRequestHost, folder: Path, cells: Mapping[tuple[str, int, int], float]) -> GivenWorkbook:
    """The workbook that `fill` makes of main, with numbers typed into cells."""
    files, revision = host.read_files("main"), host.head("main")
    layout = plan_fill(files, revision, None, lambda _: None).layout
    assert layout
    source = XlsxWorkbook(folder / "scoring.xlsx")
    source.write(layout)
    workbook = source.read()
    sheets = dict(workbook.sheets)
    for (tab, row, column), value in cells.items():
        sheet = sheets[tab]
        changed = {**sheet.cells, (row, column): Cell("number", value)}
        sheets[tab] = type(sheet)(sheet.name, changed, sheet.hidden, sheet.hidden_rows, sheet.merged)
    return GivenWorkbook(Workbook(workbook.source, sheets, workbook.names, workbook.metadata))


def test_submit_merges_again_when_main_moves_in_between(host: MovingHost, tmp_path: Path) -> None:
    """Two rivals come first; the third try has their edit and ours."""
    source = edited(host, tmp_path, {("Tiers", 2, 2): 82.0})
    host.rivals = 2
    submission = submit_workbook(source, host, REQUEST)
    assert submission.outcome == "proposed"
    assert submission.pull
    rules = host.read_files(submission.pull.head_revision)[RULES]
    assert b"A: {min: 82" in rules
    assert b"this week, please, please" in rules
    assert submission.pull.base_revision == host.head("main")
    assert len(host.stored) == 1


def test_submit_gives_up_when_main_never_rests(host: MovingHost, tmp_path: Path) -> None:
    """Bounded: after five lost races the person is told, and nothing was written."""
    source = edited(host, tmp_path, {("Tiers", 2, 2): 82.0})
    host.rivals = 50
    with pytest.raises(HeadMovedError):
        submit_workbook(source, host, REQUEST)
    assert host.stored == {}


def test_submit_after_main_changed_the_sample_does_not_call_the_workbook_stale(
    host: MovingHost, tmp_path: Path
) -> None:
    """What the workbook showed was computed from the base; on another sample lead it cannot be compared."""
    source = edited(host, tmp_path, {("Tiers", 2, 2): 82.0})
    fields = host.read_files("main")["scoring/fields.yaml"]
    assert b"type: number, sample: 12" in fields
    host.push({"scoring/fields.yaml": fields.replace(b"type: number, sample: 12", b"type: number, sample: 3", 1)})
    submission = submit_workbook(source, host, REQUEST)
    assert submission.outcome == "proposed"
    assert "formula.stale-value" not in {finding.code for finding in submission.plan.findings}


def test_submit_refused_marks_the_cells_and_success_clears_them(host: MovingHost, tmp_path: Path) -> None:
    """An error's cell gets its message; a submission that goes through leaves no mark."""
    source = edited(host, tmp_path, {("Tiers", 2, 2): 50.0})
    assert submit_workbook(source, host, REQUEST).outcome == "refused"
    assert CellRef("Tiers", 2, 2) in source.marks or CellRef("Tiers", 3, 2) in source.marks
    mended = edited(host, tmp_path, {("Tiers", 2, 2): 82.0})
    mended.marks = source.marks
    assert submit_workbook(mended, host, REQUEST).outcome == "proposed"
    assert mended.marks == {}


def test_submit_of_a_locked_workbook_still_tells_how_it_ended(host: MovingHost, tmp_path: Path) -> None:
    """The pull request is there; that the cells could not be marked is a note."""
    source = edited(host, tmp_path, {("Tiers", 2, 2): 82.0})
    source.locked = True
    submission = submit_workbook(source, host, REQUEST)
    assert submission.pull
    assert submission.notes[0] == "The cells could not be marked: The file is open elsewhere."
    assert "could not take a note of this submission" in submission.notes[1]


@pytest.mark.parametrize(
    ("revision", "said"),
    [("", "does not say"), ("untracked-123456", "not committed"), ("f" * 40, "does not have")],
)
def test_submit_with_an_unusable_base_is_told(host: MovingHost, tmp_path: Path, revision: str, said: str) -> None:
    """Without the base there is no telling the edits: an error with the next step."""
    source = edited(host, tmp_path, {})
    metadata = {**source.workbook.metadata, "base_revision": revision}
    source.workbook = Workbook("scoring.xlsx", source.workbook.sheets, source.workbook.names, metadata)
    with pytest.raises(MergecellsError, match=said) as error:
        submit_workbook(source, host, REQUEST)
    assert "mergecells fill --apply" in error.value.hint


def retyped(source: GivenWorkbook, cells: Mapping[tuple[str, int, int], float]) -> GivenWorkbook:
    """The same workbook, edited further without a fill."""
    sheets = dict(source.workbook.sheets)
    for (tab, row, column), value in cells.items():
        sheet = sheets[tab]
        sheets[tab] = replace(sheet, cells={**sheet.cells, (row, column): Cell("number", value)})
    return GivenWorkbook(replace(source.workbook, sheets=sheets))


def test_submit_of_a_cell_again_after_its_own_merge_is_no_conflict(host: MovingHost, tmp_path: Path) -> None:
    """80 → 82, merged, then 82 → 84 in the workbook that was not filled since: main's 82 is this workbook's own."""
    source = edited(host, tmp_path, {("Tiers", 2, 2): 82.0})
    for value, old in ((84.0, 82), (86.0, 84), (80.0, 86)):
        first = submit_workbook(source, host, REQUEST)
        assert first.pull
        host.merge(first.pull.number, "Bo <bo@example.org>")
        source = retyped(source, {("Tiers", 2, 2): value})
        submission = submit_workbook(source, host, REQUEST)
        assert [(each.old, each.new) for each in submission.plan.changes.changes] == [(old, value)]


def test_submit_of_a_cell_that_somebody_changed_after_its_merge_is_a_conflict(host: MovingHost, tmp_path: Path) -> None:
    """What another person made of a merged edit is not overwritten."""
    source = edited(host, tmp_path, {("Tiers", 2, 2): 82.0})
    first = submit_workbook(source, host, REQUEST)
    assert first.pull
    host.merge(first.pull.number, "Bo <bo@example.org>")
    host.push({RULES: host.read_files("main")[RULES].replace(b"min: 82", b"min: 83")})
    submission = submit_workbook(retyped(source, {("Tiers", 2, 2): 84.0}), host, REQUEST)
    assert [each.code for each in submission.plan.findings] == ["merge.conflict"]
    unchanged = submit_workbook(source, host, REQUEST)
    assert unchanged.outcome == "unchanged"


def test_submit_again_while_the_first_is_in_review_keeps_its_edit(host: MovingHost, tmp_path: Path) -> None:
    """A submission that is not merged is still this workbook's own edit."""
    source = edited(host, tmp_path, {("Tiers", 2, 2): 82.0})
    submit_workbook(source, host, REQUEST)
    both = submit_workbook(retyped(source, {("Tiers", 3, 2): 62.0}), host, REQUEST)
    assert [(each.old, each.new) for each in both.plan.changes.changes] == [(80, 82.0), (60, 62.0)]
