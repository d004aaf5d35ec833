"""Editing on after one's own submission was merged: no conflict with oneself, and nobody else's change is lost."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from mergecells.domain.tables import DeleteRow, Row, Table, Tables
from mergecells.transforms.merge import merge_tables
from mergecells.transforms.merge_submitted import advance_base, merged_part
from unit.transforms.test_merge import Sides, table, three_sides
from unit.transforms.yaml_styles import edited

ROWS = ("c/a", "c/b", "d/a")
VALUES = st.tuples(*(st.sampled_from([0, 0.25, 1]) for _ in ROWS))


def weights(values: tuple[float, ...]) -> dict[str, Table]:
    return table("Factors", {name: {"weight": value} for name, value in zip(ROWS, values, strict=True)})


def read_weights(tables: Tables) -> tuple[object, ...]:
    return tuple(row.cells["weight"] for row in tables["Factors"].rows.values())


@given(VALUES, VALUES, VALUES, VALUES, VALUES)
def test_further_edits_meet_only_what_others_changed_since(
    base: tuple[float, ...],
    first: tuple[float, ...],
    branch: tuple[float, ...],
    later: tuple[float, ...],
    second: tuple[float, ...],
) -> None:
    """Cell by cell: as if the workbook had been filled from what it held when it was submitted.

    Save where branch and workbook had made the same edit: that is not in the submission.
    """
    submitted = merge_tables(weights(base), weights(first), weights(branch))
    assume(not submitted.conflicts)
    start = advance_base(weights(base), weights(branch), submitted.merged, weights(first))
    result = merge_tables(start, weights(second), weights(later))
    told = {conflict.key for conflict in result.conflicts}
    for place, key in enumerate(result.merged["Factors"].rows):
        if first[place] == branch[place] != base[place]:
            continue
        by_us, by_others = second[place] != first[place], later[place] != first[place]
        if by_us and by_others and second[place] != later[place]:
            assert key in told
        else:
            assert key not in told
            assert read_weights(result.merged)[place] == (second[place] if by_us else later[place])


def submit(sides: Sides) -> dict[str, Table]:
    """The branch with the workbook's edits, as it is read from files: no row remembers another name."""
    submitted = merge_tables(*sides)
    assume(not submitted.conflicts)
    rows = submitted.merged["Factors"].rows
    return {"Factors": Table(sides[0]["Factors"].spec, {key: Row(key, row.cells) for key, row in rows.items()})}


@given(three_sides(), st.data())
def test_rows_of_others_are_never_deleted_by_a_workbook_that_says_no_more(sides: Sides, data: st.DataObject) -> None:
    """What others added, before the submission or after it, is not taken for a row that the workbook deleted."""
    base, ours, branch = sides
    submitted = submit(sides)
    start = advance_base(base, branch, submitted, ours)
    for later in (submitted, {"Factors": data.draw(edited(submitted["Factors"]))}):
        plain, advanced = merge_tables(base, ours, later), merge_tables(start, ours, later)
        deleted = {edit.key for edit in advanced.edits if isinstance(edit, DeleteRow)}
        assert deleted <= {edit.key for edit in plain.edits if isinstance(edit, DeleteRow)}


@given(three_sides(), st.data())
def test_cells_that_others_change_later_stay(sides: Sides, data: st.DataObject) -> None:
    """A workbook that says no more sets no cell of a row that it submitted to another value than the branch's."""
    base, ours, branch = sides
    submitted = submit(sides)
    start = advance_base(base, branch, submitted, ours)
    later = {"Factors": data.draw(edited(submitted["Factors"]))}
    plain, advanced = merge_tables(base, ours, later), merge_tables(start, ours, later)
    assert set(map(str, advanced.edits)) <= set(map(str, plain.edits)) or advanced.conflicts or plain.conflicts


def test_row_that_both_had_added_keeps_the_cells_of_others() -> None:
    """The merged row holds both sides' cells; those that the workbook never had are not blanked by it."""
    base, ours = table("Factors", {}), table("Factors", {"c/a": {"weight": 1}})
    branch = table("Factors", {"c/a": {"description": "theirs"}})
    submitted = table("Factors", {"c/a": {"weight": 1, "description": "theirs"}})
    result = merge_tables(advance_base(base, branch, submitted, ours), ours, submitted)
    assert (result.edits, result.conflicts) == ((), ())


def test_row_that_the_submission_added_is_edited_on_without_a_conflict() -> None:
    """The branch has the added row from this workbook alone."""
    base, ours = table("Factors", {}), table("Factors", {"c/a": {"weight": 1}})
    start = advance_base(base, base, ours, ours)
    result = merge_tables(start, table("Factors", {"c/a": {"weight": 0.5}}), ours)
    assert result.conflicts == ()
    assert result.merged["Factors"].rows["c", "a"].cells["weight"] == 0.5


def test_row_that_the_submission_added_stays_where_others_moved_it() -> None:
    """The workbook added it on top, the branch has it at the end since: that is no move of the workbook's."""
    base = table("Factors", {"c/a": {"weight": 0}})
    ours = table("Factors", {"c/new": {"weight": 1}, "c/a": {"weight": 0}})
    later = table("Factors", {"c/a": {"weight": 0}, "c/new": {"weight": 1}})
    result = merge_tables(advance_base(base, base, ours, ours), ours, later)
    assert (result.edits, result.conflicts) == ((), ())


@given(VALUES, VALUES, VALUES)
def test_part_that_was_merged_is_what_the_branch_says_too(
    before: tuple[float, ...], after: tuple[float, ...], theirs: tuple[float, ...]
) -> None:
    """Property, cell by cell: the submitted value where the branch has it, else the one before; all of it when merged
    whole, nothing of it when not at all."""
    part = read_weights(merged_part(weights(before), weights(after), weights(theirs)))
    assert part == tuple(new if new == their else old for old, new, their in zip(before, after, theirs, strict=True))
    assert read_weights(merged_part(weights(before), weights(after), weights(after))) == after


def test_part_that_was_merged_has_a_new_row_only_if_the_branch_has_all_of_it() -> None:
    """A row with one other cell is somebody else's; a deleted row stays to be compared with."""
    before = table("Factors", {"c/a": {"weight": 1}})
    after = table("Factors", {"c/b": {"weight": 0.5}})
    same = merged_part(before, after, table("Factors", {"c/b": {"weight": 0.5}}))
    assert set(same["Factors"].rows) == {("c", "a"), ("c", "b")}
    other = merged_part(before, after, table("Factors", {"c/b": {"weight": 0.25}}))
    assert set(other["Factors"].rows) == {("c", "a")}
