"""Writing back after a merge: nothing that a person did in the workbook is lost, and nothing goes round in circles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.fake_pull_request_host import FakePullRequestHost
from fakes.fake_workbook import FakeWorkbook
from google_stage import staged
from mergecells.authoring.submit import SubmitRequest, submit_workbook
from mergecells.authoring.write_back import WriteBack, write_back
from mergecells.domain.errors import ConfigRejectedError, WorkbookChangedError
from mergecells.domain.live_status import LiveStatus
from mergecells.domain.locations import CellRef
from mergecells.domain.workbook import Workbook
from mergecells.domain.workbook_layout import WorkbookLayout
from mergecells.ports import WorkbookSource
from workbook_desks import Desk, GoogleDesk, XlsxDesk
from workbook_sample import changed, sound_files

RULES = "scoring/rules.yaml"
REQUEST = SubmitRequest(workbook="scoring", branch="main", author="Ada <ada@example.org>")
LIVE = "live on 3 of 3 services since 2026-11-27 14:02 UTC"


@pytest.fixture(params=["xlsx", "google"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    if request.param == "xlsx":
        yield XlsxDesk(tmp_path / "scoring.xlsx")
        return
    with staged() as stage:
        yield GoogleDesk(stage)


@pytest.fixture
def host() -> FakePullRequestHost:
    return FakePullRequestHost(sound_files())


def push(host: FakePullRequestHost, old: str, new: str, name: str = RULES) -> str:
    """Somebody changes a file on GitHub's page."""
    files = changed(dict(host.read_files("main")), name, old, new)
    return host.push({name: files[name]})


def value(source: WorkbookSource, ref: str) -> Any:
    tab, cell = ref.split("!")
    row, column = int(cell[1:]), ord(cell[0]) - 64
    return source.read().sheets[tab].at(row, column).value


@dataclass
class Interrupted:
    """A workbook at which a person does something just before each of the next writes."""

    inner: WorkbookSource
    actions: list[Callable[[], None]]

    def write(self, layout: WorkbookLayout) -> None:
        if self.actions:
            self.actions.pop(0)()
        self.inner.write(layout)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def test_write_back_brings_values_revision_and_status_and_submits_nothing(
    desk: Desk, host: FakePullRequestHost
) -> None:
    """YAML edited directly on the host reaches the sheet, with its revision and how far it got; a submission right
    after says that nothing changed, and doing it again writes nothing."""
    write_back(desk.source(), host, "main")
    desk.source().mark({CellRef("Tiers", 2, 2): "an older finding"})
    head = push(host, "A: {min: 80", "A: {min: 85")
    done = write_back(desk.source(), host, "main", LiveStatus(head, LIVE))
    assert (done.outcome, len(done.plan.incoming), done.plan.kept) == ("written", 1, ())
    book = desk.source().read()
    assert book.sheets["Tiers"].at(2, 2).value == 85
    assert book.sheets["Tiers"].at(2, 2).note == ""
    assert book.metadata["base_revision"] == head
    assert book.sheets["Overview"].at(8, 2).value == f"{LIVE} ({head[:12]})"
    assert submit_workbook(desk.source(), host, REQUEST).outcome == "unchanged"
    assert host.stored == {}
    again = write_back(desk.source(), host, "main")
    assert (again.plan.incoming, again.plan.kept) == ((), ())
    assert_same(desk.source().read(), book)


def assert_same(one: Workbook, other: Workbook) -> None:
    assert one.sheets == other.sheets
    assert (one.names, one.metadata) == (other.names, other.metadata)


def test_write_back_of_nothing_new_sends_nothing(tmp_path: Path, host: FakePullRequestHost) -> None:
    """A file stays byte for byte; a Google Sheet gets no write request."""
    file = XlsxDesk(tmp_path / "scoring.xlsx")
    write_back(file.source(), host, "main", LiveStatus(host.head("main"), LIVE))
    before = file.path.read_bytes()
    write_back(file.source(), host, "main", LiveStatus(host.head("main"), LIVE))
    assert file.path.read_bytes() == before
    with staged() as stage:
        write_back(stage.sheet(), host, "main", LiveStatus(host.head("main"), LIVE))
        before_requests = stage.standin.count("sheets.spreadsheets.batchUpdate")
        write_back(stage.sheet(), host, "main", LiveStatus(host.head("main"), LIVE))
        assert stage.standin.count("sheets.spreadsheets.batchUpdate") == before_requests


def test_write_back_keeps_what_was_edited_since_the_submission(desk: Desk, host: FakePullRequestHost) -> None:
    """A submission is merged; meanwhile the same cell and another were edited further. Both stay, as the next edits."""
    write_back(desk.source(), host, "main")
    desk.type("Tiers", (2, 2), 82)
    pull = submit_workbook(desk.source(), host, REQUEST).pull
    assert pull
    desk.type("Tiers", (2, 2), 83)
    desk.type("Factors", (2, 3), 0.25)
    host.merge(pull.number, "Bob <bob@example.org>")
    push(host, "label: C}", 'label: "last"}')
    done = write_back(desk.source(), host, "main")
    assert done.outcome == "written", done.plan.findings
    assert [value(desk.source(), ref) for ref in ("Tiers!B2", "Factors!C2", "Tiers!C4")] == [83, 0.25, "last"]
    assert {change.cell for change in done.plan.kept} == {"Tiers!B2", "Factors!C2"}


@pytest.mark.parametrize("later", [80, 83])
def test_write_back_after_a_squash_merge_keeps_the_further_edit(host: FakePullRequestHost, later: int) -> None:
    """The submission's commit is not in the branch, its edit is: what was typed since, even the old value, counts."""
    source = FakeWorkbook()
    write_back(source, host, "main")
    source.type("Tiers", (2, 2), 82.0)
    pull = submit_workbook(source, host, REQUEST).pull
    assert pull
    source.type("Tiers", (2, 2), float(later))
    host.push({RULES: host.read_files(pull.head_revision)[RULES]})
    push(host, "B: {min: 40", "B: {min: 45")
    done = write_back(source, host, "main")
    assert done.outcome == "written", done.plan.findings
    assert (value(source, "Tiers!B2"), value(source, "Tiers!B3")) == (later, 45)
    assert [(change.old, change.new) for change in done.plan.kept] == [(82, later)]


def test_write_back_while_a_submission_is_in_review_takes_what_others_changed(host: FakePullRequestHost) -> None:
    """Its edit is not in the branch: it stays an edit; another value of the same cell there is a conflict."""
    source = FakeWorkbook()
    write_back(source, host, "main")
    source.type("Tiers", (2, 2), 82.0)
    submit_workbook(source, host, REQUEST)
    push(host, "B: {min: 40", "B: {min: 45")
    assert [change.cell for change in write_back(source, host, "main").plan.kept] == ["Tiers!B2"]
    push(host, "A: {min: 80", "A: {min: 90")
    assert write_back(source, host, "main").outcome == "refused"


def test_write_back_sees_what_is_typed_while_it_writes(desk: Desk, host: FakePullRequestHost) -> None:
    """Typed or saved between the read and the write: seen, said, and part of the next attempt."""
    write_back(desk.source(), host, "main")
    push(host, "A: {min: 80", "A: {min: 85")
    said: list[str] = []
    source = Interrupted(desk.source(), [lambda: desk.type("Tiers", (3, 2), 41)] * 2)
    done = write_back(source, host, "main", tell=said.append)
    assert done.outcome == "written"
    assert [value(desk.source(), ref) for ref in ("Tiers!B2", "Tiers!B3")] == [85, 41]
    assert [change.cell for change in done.plan.kept] == ["Tiers!B3"]
    assert said
    assert "Looking again" in said[0]


def test_write_back_gives_up_when_nobody_ever_pauses(host: FakePullRequestHost) -> None:
    """Bounded: it says so, and what was typed is there."""
    source = FakeWorkbook()
    write_back(source, host, "main")
    push(host, "A: {min: 80", "A: {min: 85")
    source.meanwhile = [lambda n=n: source.type("Tiers", (3, 2), 40 + n) for n in range(1, 20)]  # type: ignore[misc]
    with pytest.raises(WorkbookChangedError):
        write_back(source, host, "main")
    assert [value(source, "Tiers!B2"), value(source, "Tiers!B3")] == [80, 45]


def test_write_back_shows_a_conflict_with_all_three_values_and_changes_none(
    desk: Desk, host: FakePullRequestHost
) -> None:
    """The cell keeps its value and the workbook its base; with the branch's value typed in, the rest comes as well."""
    write_back(desk.source(), host, "main")
    base = host.head("main")
    desk.type("Tiers", (2, 2), 82)
    push(host, "B: {min: 40", "B: {min: 45")
    head = push(host, "A: {min: 80", "A: {min: 85")
    done = write_back(desk.source(), host, "main", LiveStatus(head, LIVE))
    assert done.outcome == "refused"
    cell = desk.source().read().sheets["Tiers"].at(2, 2)
    assert (cell.value, value(desk.source(), "Tiers!B3")) == (82, 40)
    assert all(text in cell.note for text in ("Here: 82", "On the branch: 85", "started from: 80"))
    assert desk.source().read().metadata["base_revision"] == base
    assert desk.source().read().metadata["live"] == f"{head} {LIVE}"
    desk.type("Tiers", (2, 2), 85)
    assert write_back(desk.source(), host, "main").outcome == "written"
    cell = desk.source().read().sheets["Tiers"].at(2, 2)
    assert (cell.value, cell.note, value(desk.source(), "Tiers!B3")) == (85, "", 45)


def test_write_back_leaves_a_workbook_with_an_unreadable_cell_and_marks_it(
    desk: Desk, host: FakePullRequestHost
) -> None:
    """Half-typed text where a number belongs would be overwritten unseen: it is marked, and everything waits."""
    write_back(desk.source(), host, "main")
    desk.type("Tiers", (2, 2), "many")
    push(host, "A: {min: 80", "A: {min: 85")
    assert write_back(desk.source(), host, "main").outcome == "refused"
    cell = desk.source().read().sheets["Tiers"].at(2, 2)
    assert cell.value == "many"
    assert "mergecells:" in cell.note


def test_write_back_tells_the_newest_status_whatever_comes_last(host: FakePullRequestHost) -> None:
    """The message of an older release comes late: the workbook goes on telling of the newer one; one of the same
    revision takes its place, and a fill without any keeps it."""
    source = FakeWorkbook()
    write_back(source, host, "main")
    old, new = host.head("main"), push(host, "A: {min: 80", "A: {min: 85")
    for status, told in (
        (LiveStatus(new, "waiting for 3 services"), f"waiting for 3 services ({new[:12]})"),
        (LiveStatus(old, LIVE), f"waiting for 3 services ({new[:12]})"),
        (LiveStatus(new, LIVE), f"{LIVE} ({new[:12]})"),
        (None, f"{LIVE} ({new[:12]})"),
    ):
        write_back(source, host, "main", status)
        assert value(source, "Overview!B8") == told


def test_write_back_of_a_broken_branch_leaves_the_workbook(host: FakePullRequestHost) -> None:
    """A workbook is never filled from half a config."""
    source = FakeWorkbook()
    write_back(source, host, "main")
    before = source.workbook
    host.push({RULES: b"tiers: ["})
    with pytest.raises(ConfigRejectedError):
        write_back(source, host, "main")
    assert source.workbook == before


def test_write_back_follows_a_branch_that_was_taken_back(host: FakePullRequestHost) -> None:
    """A rollback is a revision like any other."""
    source = FakeWorkbook()
    before = host.head("main")
    write_back(source, host, "main")
    push(host, "A: {min: 80", "A: {min: 85")
    write_back(source, host, "main")
    host.branches["main"] = before
    write_back(source, host, "main")
    assert value(source, "Tiers!B2") == 80
    assert submit_workbook(source, host, REQUEST).outcome == "unchanged"


CELLS = {
    ("Tiers", 2, 2): "A: {min: 80",
    ("Tiers", 3, 2): "B: {min: 40",
    ("Components", 2, 2): "weight: 0.60",
    ("Factors", 2, 3): "age: {weight: 0.3",
    ("Factors", 4, 3): "budget: {weight: 0.5",
}
"""Cells, and how their number stands in the file: the text before it, and its value now."""

EDITS = st.fixed_dictionaries(
    {}, optional={place: st.sampled_from([41.0, 55.0] if place[0] == "Tiers" else [0.1, 0.35]) for place in CELLS}
)


@settings(max_examples=25, deadline=None)
@given(before=EDITS, during=EDITS, theirs=EDITS, submits=st.booleans())
def test_write_back_loses_no_edit(
    before: dict[tuple[str, int, int], float],
    during: dict[tuple[str, int, int], float],
    theirs: dict[tuple[str, int, int], float],
    submits: bool,
) -> None:
    """Property: whatever was typed before and while it writes, and whatever was merged, each cell ends with the
    person's value, or with the branch's where the person had none, or nothing is changed and the cell is marked. What
    the branch has of the person's own submission, by whatever merge, is where later edits start from."""
    host = FakePullRequestHost(sound_files())
    source = FakeWorkbook()
    write_back(source, host, "main")
    start = {place: float(value(source, f"{place[0]}!{chr(64 + place[2])}{place[1]}")) for place in CELLS}
    type_all(source, before)
    shown_before = {**start, **before}
    if submits and submit_workbook(source, host, REQUEST).outcome == "proposed":
        start |= {place: number for place, number in theirs.items() if before.get(place) == number}
    text = host.read_files("main")[RULES].decode()
    for place, number in theirs.items():
        head = CELLS[place].rpartition(" ")[0]
        text = text.replace(CELLS[place], f"{head} {number:g}")
    host.push({RULES: text.encode()})
    source.meanwhile = [lambda: type_all(source, during)]
    done = write_back(source, host, "main")
    ours = dict(shown_before)
    if not in_conflict(start, ours, theirs):  # else it did not get as far as to write
        ours |= during
    conflicts = in_conflict(start, ours, theirs)
    assert (done.outcome == "refused") == bool(conflicts)
    merged = ours if conflicts else {p: theirs.get(p, start[p]) if ours[p] == start[p] else ours[p] for p in CELLS}
    shown = {place: value(source, f"{place[0]}!{chr(64 + place[2])}{place[1]}") for place in CELLS}
    assert shown == merged
    assert {(ref.sheet, ref.row, ref.column) for ref in source.marks} == conflicts
    settled = source.workbook
    again: WriteBack = write_back(source, host, "main")
    assert (again.outcome, source.workbook) == (done.outcome, settled)


def in_conflict(start: dict[Any, float], ours: dict[Any, float], theirs: dict[Any, float]) -> set[Any]:
    return {
        place
        for place, number in theirs.items()
        if number != start[place] and ours[place] not in (start[place], number)
    }


def type_all(source: FakeWorkbook, edits: dict[tuple[str, int, int], float]) -> None:
    for (tab, row, column), number in edits.items():
        source.type(tab, (row, column), number)
