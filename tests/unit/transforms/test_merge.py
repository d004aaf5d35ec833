"""Three-way merge: both sides' edits survive, what cannot is a conflict, and nothing is ever lost in silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from mergecells.domain.locations import CellRef
from mergecells.domain.manifest import Manifest
from mergecells.domain.tables import AddRow, DeleteRow, RenameRow, Row, RowKey, SetCell, Table, TableValue
from mergecells.transforms.merge import merge_tables
from mergecells.transforms.tables import diff_tables, same_value, table_specs
from unit.transforms.yaml_styles import edited

SPECS = table_specs({}, Manifest())


def table(tab: str, rows: dict[str, dict[str, TableValue]], former: dict[str, str] | None = None) -> dict[str, Table]:
    """Rows by key as `component/factor`; `former` gives the remembered keys."""
    spec = SPECS[tab]
    built = {}
    for number, (name, cells) in enumerate(rows.items(), 2):
        key = tuple(name.split("/"))
        old = tuple((former or {})[name].split("/")) if name in (former or {}) else None
        full = {column.title: cells.get(column.title) for column in spec.columns}
        refs = {title: CellRef(tab, number, place) for place, title in enumerate([*spec.keys, *full], 1)}
        built[key] = Row(key, full, old, refs)
    return {tab: Table(spec, built)}


BASE = table("Factors", {"c/a": {"weight": 0.3}, "c/b": {"weight": 0.7, "description": "x"}, "d/a": {"weight": 1}})


def cells_of(tables: dict[str, Table]) -> dict[str, dict[RowKey, dict[str, TableValue]]]:
    return {tab: {key: dict(row.cells) for key, row in table.rows.items()} for tab, table in tables.items()}


def with_cell(tables: dict[str, Table], name: str, title: str, value: TableValue) -> dict[str, Table]:
    """The same tables with one cell changed."""
    ((tab, old),) = tables.items()
    key = tuple(name.split("/"))
    row = old.rows[key]
    rows = {**old.rows, key: Row(key, {**row.cells, title: value}, row.former_key, row.refs)}
    return {tab: Table(old.spec, rows)}


def test_merge_of_two_cells_of_one_row_keeps_both() -> None:
    """Different cells of the same row do not touch each other."""
    ours, theirs = with_cell(BASE, "c/a", "weight", 0.4), with_cell(BASE, "c/a", "description", "new")
    result = merge_tables(BASE, ours, theirs)
    assert result.conflicts == ()
    assert result.merged["Factors"].rows["c", "a"].cells == {"weight": 0.4, "formula": None, "description": "new"}
    assert result.edits == (SetCell("Factors", ("c", "a"), "weight", 0.4, 0.3),)


def test_merge_of_one_cell_changed_differently_keeps_theirs_and_tells_all_three_values() -> None:
    """A conflict carries base, ours, theirs and our cell; the head's value stays."""
    ours, theirs = with_cell(BASE, "c/a", "weight", 0.4), with_cell(BASE, "c/a", "weight", 0.5)
    result = merge_tables(BASE, ours, theirs)
    (conflict,) = result.conflicts
    assert (conflict.base, conflict.ours, conflict.theirs, str(conflict.cell)) == (0.3, 0.4, 0.5, "Factors!C2")
    assert result.merged["Factors"].rows["c", "a"].cells["weight"] == 0.5
    assert result.edits == ()


def test_merge_of_a_blanked_cell_with_a_changed_one_is_a_conflict() -> None:
    """Blank is a value: clearing a cell never wins over, or loses to, another edit in silence."""
    ours, theirs = with_cell(BASE, "c/b", "description", None), with_cell(BASE, "c/b", "description", "y")
    (conflict,) = merge_tables(BASE, ours, theirs).conflicts
    assert (conflict.column, conflict.ours, conflict.theirs) == ("description", None, "y")


def test_merge_of_a_cell_with_another_type_is_a_change() -> None:
    """The text 1 is not the number 1, and TRUE is neither."""
    base = table("Lead", {"f": {"sample": 1}})
    for value in ("1", True):
        result = merge_tables(base, with_cell(base, "f", "sample", value), base)
        assert result.edits == (SetCell("Lead", ("f",), "sample", value, 1),)
    assert merge_tables(base, with_cell(base, "f", "sample", 1.0), base).edits == ()


def without(tables: dict[str, Table], name: str) -> dict[str, Table]:
    ((tab, old),) = tables.items()
    return {tab: Table(old.spec, {key: row for key, row in old.rows.items() if key != tuple(name.split("/"))})}


def test_merge_of_our_delete_with_their_change_keeps_the_row_as_a_conflict() -> None:
    """A row that the head changed is not deleted by a workbook that had not seen it."""
    result = merge_tables(BASE, without(BASE, "c/a"), with_cell(BASE, "c/a", "weight", 0.5))
    (conflict,) = result.conflicts
    assert (conflict.column, conflict.ours, conflict.theirs) == (None, "deleted", "changed")
    assert ("c", "a") in result.merged["Factors"].rows


def test_merge_of_our_change_with_their_delete_is_a_conflict() -> None:
    """Our edit of a row that is gone is reported, at our cell."""
    result = merge_tables(BASE, with_cell(BASE, "c/a", "weight", 0.5), without(BASE, "c/a"))
    (conflict,) = result.conflicts
    assert (conflict.column, conflict.ours, conflict.theirs) == (None, "changed", "deleted")
    assert str(conflict.cell) == "Factors!B2"
    assert ("c", "a") not in result.merged["Factors"].rows


def test_merge_of_a_delete_with_no_change_deletes() -> None:
    """Either side may delete what the other left alone."""
    gone = without(BASE, "c/a")
    assert ("c", "a") not in merge_tables(BASE, gone, BASE).merged["Factors"].rows
    assert ("c", "a") not in merge_tables(BASE, BASE, gone).merged["Factors"].rows


def test_merge_of_equal_added_rows_is_one_row() -> None:
    """Both added the same row with the same cells: nothing to do."""
    rows = {"c/a": {"weight": 0.3}, "c/n": {"weight": 0.1}}
    base, both = table("Factors", {"c/a": {"weight": 0.3}}), table("Factors", rows)
    result = merge_tables(base, both, both)
    assert (result.edits, result.conflicts) == ((), ())


def test_merge_of_different_added_rows_of_one_key_conflicts_by_cell() -> None:
    """Only the cells that differ are conflicts; what one side alone filled is taken."""
    base = table("Factors", {"c/a": {"weight": 0.3}})
    ours = table("Factors", {"c/a": {"weight": 0.3}, "c/n": {"weight": 0.1, "description": "d"}})
    theirs = table("Factors", {"c/a": {"weight": 0.3}, "c/n": {"weight": 0.2}})
    result = merge_tables(base, ours, theirs)
    (conflict,) = result.conflicts
    assert (conflict.column, conflict.ours, conflict.theirs) == ("weight", 0.1, 0.2)
    assert result.merged["Factors"].rows["c", "n"].cells["description"] == "d"


def test_merge_of_a_rename_with_a_changed_cell_follows_the_row() -> None:
    """A row renamed in the workbook still gets the head's new value, under its new name."""
    ours = table(
        "Factors",
        {"c/z": {"weight": 0.3}, "c/b": {"weight": 0.7, "description": "x"}, "d/a": {"weight": 1}},
        {"c/z": "c/a"},
    )
    result = merge_tables(BASE, ours, with_cell(BASE, "c/a", "weight", 0.5))
    assert result.conflicts == ()
    assert result.merged["Factors"].rows["c", "z"].cells["weight"] == 0.5
    assert ("c", "a") not in result.merged["Factors"].rows


def test_merge_of_two_renames_of_one_row_is_a_conflict_that_keeps_theirs() -> None:
    """Neither name wins in silence."""
    rows = {"c/b": {"weight": 0.7, "description": "x"}, "d/a": {"weight": 1}}
    ours = table("Factors", {"c/y": {"weight": 0.3}, **rows}, {"c/y": "c/a"})
    theirs = table("Factors", {"c/z": {"weight": 0.3}, **rows}, {"c/z": "c/a"})
    result = merge_tables(BASE, ours, theirs)
    (conflict,) = result.conflicts
    assert (conflict.ours, conflict.theirs) == ("renamed to c / y", "renamed to c / z")
    assert ("c", "z") in result.merged["Factors"].rows


def test_merge_of_our_rename_onto_a_key_that_they_added_is_a_conflict() -> None:
    """Two rows want one key: theirs keeps it, ours keeps its old name, and we are told."""
    rows = {"c/b": {"weight": 0.7, "description": "x"}, "d/a": {"weight": 1}}
    ours = table("Factors", {"c/z": {"weight": 0.3}, **rows}, {"c/z": "c/a"})
    theirs = table("Factors", {"c/a": {"weight": 0.3}, **rows, "c/z": {"weight": 0.9}})
    result = merge_tables(BASE, ours, theirs)
    assert len(result.conflicts) == 1
    assert result.merged["Factors"].rows["c", "z"].cells["weight"] == 0.9
    assert ("c", "a") in result.merged["Factors"].rows


def test_merge_of_a_factor_added_to_a_component_that_we_renamed_goes_along() -> None:
    """The head added a factor; our workbook renamed its component: the factor is found under the new name."""
    base = table("Components", {"c": {"weight": 1}}) | table("Factors", {"c/a": {"weight": 1}})
    ours = table("Components", {"k": {"weight": 1}}, {"k": "c"}) | table(
        "Factors", {"k/a": {"weight": 1}}, {"k/a": "c/a"}
    )
    theirs = table("Components", {"c": {"weight": 1}}) | table("Factors", {"c/a": {"weight": 1}, "c/n": {"weight": 0}})
    result = merge_tables(base, ours, theirs)
    assert result.conflicts == ()
    assert list(result.merged["Factors"].rows) == [("k", "a"), ("k", "n")]


def test_merge_when_our_workbook_lacks_a_tab_keeps_it() -> None:
    """A vertical that main got meanwhile is not deleted by a workbook that does not know it."""
    theirs = BASE | table("Tiers", {"A": {"min": 0}})
    result = merge_tables(BASE, BASE, theirs)
    assert (result.edits, result.conflicts) == ((), ())
    assert "Tiers" in result.merged


def test_merge_when_our_workbook_lacks_a_column_keeps_its_cells() -> None:
    """A column that main got meanwhile is not blanked by a workbook that does not know it."""
    ours = {
        "Factors": Table(
            SPECS["Factors"],
            {key: Row(key, {"weight": row.cells["weight"]}) for key, row in BASE["Factors"].rows.items()},
        )
    }
    assert merge_tables(BASE, ours, BASE).edits == ()


def test_merge_of_moved_rows_keeps_our_order_and_their_new_row() -> None:
    """We moved a row, they added one: both are seen in the result."""
    base = table("Tiers", {"A": {"min": 3}, "B": {"min": 2}, "C": {"min": 1}})
    ours = table("Tiers", {"C": {"min": 1}, "A": {"min": 3}, "B": {"min": 2}})
    theirs = table("Tiers", {"A": {"min": 3}, "N": {"min": 2.5}, "B": {"min": 2}, "C": {"min": 1}})
    assert [key[0] for key in merge_tables(base, ours, theirs).merged["Tiers"].rows] == ["C", "A", "N", "B"]


NUMBERS = st.sampled_from([0, 0.25, 1])
BASES = st.dictionaries(
    st.sampled_from(["c/a", "c/b", "d/a", "d/b", "e/a"]), st.fixed_dictionaries({"weight": NUMBERS}), max_size=5
).map(lambda rows: table("Factors", rows))


Sides = tuple[dict[str, Table], dict[str, Table], dict[str, Table]]


@st.composite
def three_sides(draw: st.DrawFn) -> Sides:
    base = draw(BASES)
    return base, {"Factors": draw(edited(base["Factors"]))}, {"Factors": draw(edited(base["Factors"]))}


@given(three_sides())
def test_merge_with_an_unchanged_head_gives_ours(sides: Sides) -> None:
    """merge(base, ours, base) is ours, rows, cells and order."""
    base, ours, _ = sides
    result = merge_tables(base, ours, base)
    assert result.conflicts == ()
    assert cells_of(result.merged) == cells_of(ours)
    assert list(result.merged["Factors"].rows) == list(ours["Factors"].rows)


@given(three_sides())
def test_merge_without_our_edits_has_no_edits(sides: Sides) -> None:
    """A workbook without edits changes nothing, whatever happened to the head."""
    base, _, theirs = sides
    result = merge_tables(base, base, theirs)
    assert (result.edits, result.conflicts) == ((), ())


@given(three_sides())
def test_merge_of_an_edit_with_itself_changes_nothing(sides: Sides) -> None:
    """Submitting what is merged already is no edit and no conflict."""
    base, ours, _ = sides
    result = merge_tables(base, ours, ours)
    assert (result.edits, result.conflicts) == ((), ())


@given(three_sides())
def test_merge_never_loses_an_edit_without_a_conflict(sides: Sides) -> None:
    """What a side changed is so in the merged table, cell by cell and row by row, or a conflict names its row."""
    base, ours, theirs = sides
    result = merge_tables(base, ours, theirs)
    merged = result.merged["Factors"].rows
    told = str(result.conflicts)
    for side in (ours, theirs):
        for edit in diff_tables(base, side):
            if isinstance(edit, DeleteRow):
                survives = edit.key not in merged or any(edit.key in other["Factors"].rows for other in (ours, theirs))
            elif isinstance(edit, RenameRow):
                survives = any(takes_part(edit, key) for key in merged)
            elif isinstance(edit, SetCell):
                survives = any(
                    same_value(row.cells[edit.column], edit.value) for row in family(edit.key, sides, merged)
                )
            elif isinstance(edit, AddRow):
                # Under its parent's new name, when the other side renamed all of the parent.
                survives = any(key[-1] == edit.key[-1] for key in merged)
            else:
                survives = True
            assert survives or any(repr(key) in told for key in names(edit.key, sides)), edit


def names(key: RowKey, sides: Sides) -> set[RowKey]:
    """A row's keys on all sides: its own, and those that renames connect with it."""
    base, ours, theirs = sides
    found = {key}
    for side in (ours, theirs):
        for edit in diff_tables(base, side):
            if isinstance(edit, RenameRow) and {edit.key, edit.new_key} & found:
                found |= {edit.key, edit.new_key}
    return found


def takes_part(edit: RenameRow, merged: RowKey) -> bool:
    """The parts of the key that the rename changed are so in the merged key; another side may have changed others."""
    return all(old == new or new == part for old, new, part in zip(edit.key, edit.new_key, merged, strict=True))


def family(key: RowKey, sides: Sides, merged: Mapping[RowKey, Row]) -> list[Row]:
    """The row's merged form, whichever name it has there: one of its own, or parts of two of them."""
    known = names(key, sides)
    parts = [{name[place] for name in known} for place in range(len(key))]
    return [row for name, row in merged.items() if all(part in among for part, among in zip(name, parts, strict=True))]


@given(three_sides())
def test_merge_is_symmetric_up_to_order_and_conflicts(sides: Sides) -> None:
    """Without conflicts it does not matter who submits first."""
    base, ours, theirs = sides
    one, other = merge_tables(base, ours, theirs), merge_tables(base, theirs, ours)
    assert bool(one.conflicts) == bool(other.conflicts)
    if not one.conflicts:
        assert cells_of(one.merged) == cells_of(other.merged)


@given(BASES, st.data())
def test_merge_of_disjoint_edits_equals_applying_both(base: dict[str, Table], data: st.DataObject) -> None:
    """Cells that only one side touched all have that side's value."""
    places = [(key, title) for key in base["Factors"].rows for title in ("weight", "formula", "description")]
    mine = data.draw(st.sets(st.sampled_from(places))) if places else set()
    ours, theirs, both = base, base, base
    for key, title in places:
        if (key, title) in mine:
            ours, both = (with_cell(tables, "/".join(key), title, "=1") for tables in (ours, both))
        elif data.draw(st.booleans()):
            theirs, both = (with_cell(tables, "/".join(key), title, None) for tables in (theirs, both))
    result = merge_tables(base, ours, theirs)
    assert result.conflicts == ()
    assert cells_of(result.merged) == cells_of(both)


def test_merge_of_our_edit_in_a_column_that_they_took_away_is_a_conflict() -> None:
    """A field that the branch dropped has no column any more: what we typed there is told, not dropped."""
    spec = replace(SPECS["Factors"], columns=SPECS["Factors"].columns[:-1])
    kept = {key: Row(key, {"weight": row.cells["weight"]}) for key, row in BASE["Factors"].rows.items()}
    ours = with_cell(BASE, "c/b", "description", "ours")
    (conflict,) = merge_tables(BASE, ours, {"Factors": Table(spec, kept)}).conflicts
    assert (conflict.key, conflict.column, conflict.ours, conflict.theirs) == (("c", "b"), "description", "ours", None)


def test_merge_of_the_first_factor_of_a_component_that_we_renamed_goes_along() -> None:
    """Our Factors tab has no row of the component that could tell the rename; Components tells it."""
    base = {**table("Components", {"c": {"weight": 1}}), **table("Factors", {})}
    ours = {**table("Components", {"n": {"weight": 1}}, {"n": "c"}), **table("Factors", {})}
    theirs = {**base, **table("Factors", {"c/a": {"weight": 1}})}
    result = merge_tables(base, ours, theirs)
    assert result.conflicts == ()
    assert list(result.merged["Factors"].rows) == [("n", "a")]
