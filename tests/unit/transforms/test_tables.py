"""Files as tables, and the fewest edits between two tables."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mergecells.domain.configset import EXAMPLES_FILE, FIELDS_FILE, RULES_FILE, Document
from mergecells.domain.manifest import CustomTab, Manifest
from mergecells.domain.tables import AddRow, DeleteRow, MoveRow, RenameRow, Row, RowKey, SetCell, Table, TableValue
from mergecells.transforms.table_diff import longest_increasing
from mergecells.transforms.tables import diff_tables, same_value, table_specs, tables_from_documents
from mergecells.transforms.yaml_to_config import parse_yaml
from unit.transforms.yaml_styles import edited

RETAIL = "scoring/verticals/retail.yaml"
FILES = {
    RULES_FILE: b"""\
tiers: {A: {min: 80, label: ""}, B: {min: 0}}
lists: {short: [x, 3, 0.5, true, x]}
formulas: {f: "=1"}
components:
  c: {weight: 1, description: Who, factors: {a: {weight: 0.3, formula: "=x"}, b: {weight: 0.7}}}
""",
    FIELDS_FILE: b"fields: {years: {type: number, sample: 3}, tier: {type: text}}\n",
    EXAMPLES_FILE: b'examples: {one: {tier: A, lead: {years: "007", extra: true}}}\n',
    RETAIL: b"components: {c: {factors: {a: null, b: {weight: 1}}}, d: null, e: {weight: 0.5}}\n",
}


def documents_of(files: dict[str, bytes]) -> dict[str, Document]:
    documents = {file: parse_yaml(file, content)[0] for file, content in files.items()}
    return {file: document for file, document in documents.items() if document is not None}


def read(files: dict[str, bytes], manifest: Manifest | None = None) -> dict[str, Table]:
    documents = documents_of(files)
    return tables_from_documents(table_specs(documents, manifest or Manifest()), documents)


def rows(table: Table) -> dict[RowKey, dict[str, TableValue]]:
    return {key: {t: v for t, v in row.cells.items() if v is not None} for key, row in table.rows.items()}


def test_table_specs_name_every_tab_in_order() -> None:
    """Built-in tabs always, also without a file; then verticals, then the team's own."""
    assert list(read({})) == ["Tiers", "Components", "Factors", "Formulas", "Lists", "Lead", "Examples"]
    manifest = Manifest(tabs=[CustomTab(tab="Plans", file="plans.yaml", root="eu", key="plan", columns=["price"])])
    tables = read({**FILES, "plans.yaml": b"eu: {basic: {price: 3}}\n"}, manifest)
    assert list(tables)[-2:] == ["retail", "Plans"]
    assert rows(tables["Plans"]) == {("basic",): {"price": 3}}


def test_tables_from_documents_show_rows_by_key_and_cells_by_column() -> None:
    """Blank text is blank; list items are known by their text, repeated ones once."""
    tables = read(FILES)
    assert rows(tables["Tiers"]) == {("A",): {"min": 80}, ("B",): {"min": 0}}
    assert rows(tables["Components"]) == {("c",): {"weight": 1, "description": "Who"}}
    assert rows(tables["Factors"])["c", "a"] == {"weight": 0.3, "formula": "=x"}
    assert rows(tables["Formulas"]) == {("f",): {"formula": "=1"}}
    assert list(tables["Lists"].rows) == [("short", "x"), ("short", "3"), ("short", "0.5"), ("short", "TRUE")]
    assert rows(tables["Lead"])["years",] == {"type": "number", "sample": 3}


def test_tables_from_documents_give_examples_a_column_for_each_field() -> None:
    """Values keep their type; a field named like a column of the tab gets a longer title; nothing is hidden."""
    table = read(FILES)["Examples"]
    titles = [column.title for column in table.spec.columns]
    assert titles == ["vertical", "tier", "score", "description", "years", "lead.tier", "extra"]
    assert rows(table) == {("one",): {"tier": "A", "years": "007", "extra": True}}


def test_tables_from_documents_show_a_vertical_by_component_and_factor() -> None:
    """A component has a row of its own when it is removed or states something; null is `remove`."""
    assert rows(read(FILES)["retail"]) == {
        ("c", "a"): {"remove": True},
        ("c", "b"): {"weight": 1},
        ("d", ""): {"remove": True},
        ("e", ""): {"weight": 0.5},
    }


def test_tables_from_documents_of_another_shape_have_no_rows() -> None:
    """A broken file is the business of its findings; tables are made all the same."""
    for content in (b"- a\n", b"tiers: x\ncomponents: [1]\nlists: {a: {b: c}}\n", b""):
        assert not any(table.rows for table in read({RULES_FILE: content}).values())


def test_same_value_tells_types_apart() -> None:
    """3 is 3.0; the text 3, TRUE and 1 are three things; blank is only itself."""
    assert same_value(3, 3.0)
    values: list[TableValue] = ["3", 3, True, 1, "TRUE", None, "", 0, False]
    assert all(not same_value(a, b) for i, a in enumerate(values) for j, b in enumerate(values) if i != j)


def tiers(*names: str, former: dict[str, str] | None = None, **cells: TableValue) -> dict[str, Table]:
    """A Tiers table; each row's minimum tells its name apart."""
    spec = table_specs({}, Manifest())["Tiers"]
    made = {}
    for name in names:
        old = (former or {}).get(name)
        minimum = cells.get(name, float(ord((old or name)[0])))
        made[name,] = Row((name,), {"min": minimum, "label": None, "description": None}, (old,) if old else None)
    return {"Tiers": Table(spec, made)}


def test_diff_tables_of_equal_tables_is_empty() -> None:
    """Also when numbers are written differently."""
    assert diff_tables(tiers("A", "B", A=1), tiers("A", "B", A=1.0)) == []


def test_diff_tables_names_each_kind_of_edit() -> None:
    """One edit for one change."""
    base = tiers("A", "B", "C")
    assert diff_tables(base, tiers("A", "B", "C", B=7)) == [SetCell("Tiers", ("B",), "min", 7, 66.0)]
    assert diff_tables(base, tiers("A", "C")) == [DeleteRow("Tiers", ("B",))]
    assert diff_tables(base, tiers("A", "B", "N", "C")) == [
        AddRow("Tiers", ("N",), {"min": 78.0, "label": None, "description": None}, ("B",))
    ]
    assert diff_tables(base, tiers("C", "A", "B")) == [MoveRow("Tiers", ("C",), None)]


def test_diff_tables_follows_a_remembered_rename_with_a_change() -> None:
    """The workbook knows which row it was."""
    head = tiers("A", "N", "C", former={"N": "B"}, N=5)
    assert diff_tables(tiers("A", "B", "C"), head) == [
        RenameRow("Tiers", ("B",), ("N",)),
        SetCell("Tiers", ("N",), "min", 5, 66.0),
    ]


def test_diff_tables_takes_equal_cells_under_a_new_key_for_a_rename() -> None:
    """Without a memory, one removed and one added row with the same cells are one row; two of them are not."""
    base, head = tiers("A", "B"), tiers("A", "N", N=66.0)
    assert diff_tables(base, head) == [RenameRow("Tiers", ("B",), ("N",))]
    twice = diff_tables(tiers("A", "B", "C", C=66.0), tiers("A", "N", "M", N=66.0, M=66.0))
    assert not any(isinstance(edit, RenameRow) for edit in twice)


def test_diff_tables_moves_as_few_rows_as_possible() -> None:
    """A row dragged over many others is one move."""
    base = tiers(*"ABCDEFGH")
    assert diff_tables(base, tiers(*"HABCDEFG")) == [MoveRow("Tiers", ("H",), None)]
    assert diff_tables(base, tiers(*"BCDEFGHA")) == [MoveRow("Tiers", ("A",), ("H",))]


@given(st.lists(st.integers(0, 20), unique=True))
def test_longest_increasing_is_increasing_and_as_long_as_any(numbers: list[int]) -> None:
    """Compared with the quadratic textbook solution."""
    found = [numbers[index] for index in longest_increasing(numbers)]
    assert found == sorted(found)
    best: list[int] = []
    for place, number in enumerate(numbers):
        best.append(1 + max((best[i] for i in range(place) if numbers[i] < number), default=0))
    assert len(found) == max(best, default=0)


@given(st.data())
def test_diff_tables_of_any_edit_turns_base_into_head(data: st.DataObject) -> None:
    """Carried out on the rows themselves, the edits give the head: keys, cells and order."""
    base = tiers(*"ABCDE")["Tiers"]
    head = data.draw(edited(base))
    result = carry_out(base, diff_tables({"Tiers": base}, {"Tiers": head}))
    assert result == [(key, dict(row.cells)) for key, row in head.rows.items()]


def carry_out(base: Table, edits: list[object]) -> list[tuple[RowKey, dict[str, TableValue]]]:
    """What edits mean, said in the simplest way."""
    made = [(key, dict(row.cells)) for key, row in base.rows.items()]
    gone = {edit.key for edit in edits if isinstance(edit, DeleteRow)}
    renamed = {edit.key: edit.new_key for edit in edits if isinstance(edit, RenameRow)}
    made = [(renamed.get(key, key), cells) for key, cells in made if key not in gone]
    for edit in edits:
        keys = [key for key, _ in made]
        if isinstance(edit, SetCell):
            made[keys.index(edit.key)][1][edit.column] = edit.value
        elif isinstance(edit, AddRow | MoveRow):
            row = (edit.key, dict(edit.cells)) if isinstance(edit, AddRow) else made.pop(keys.index(edit.key))
            place = [key for key, _ in made].index(edit.after) + 1 if edit.after else 0
            made.insert(place, row)
    return made
