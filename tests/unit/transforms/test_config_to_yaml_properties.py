"""Round trips of random rule sets in random styles: what was edited reads as edited, all else stays byte for byte."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mergecells.domain.configset import RULES_FILE
from mergecells.domain.manifest import Manifest
from mergecells.domain.tables import Row, RowKey, SetCell, Table, TableValue
from mergecells.transforms.config_to_yaml import apply_edits
from mergecells.transforms.merge import merge_tables
from mergecells.transforms.tables import diff_tables, table_specs, tables_from_documents
from mergecells.transforms.yaml_to_config import load_config, parse_yaml
from unit.transforms.yaml_styles import cell_values, edited, rules, styled, verticals

VERTICAL = "scoring/verticals/retail.yaml"
TABS = ("Tiers", "Components", "Factors", "Formulas", "Lists")


def read_tables(content: bytes) -> dict[str, Table]:
    document, findings = parse_yaml(RULES_FILE, content)
    assert document is not None
    assert not findings
    documents = {RULES_FILE: document}
    return tables_from_documents(table_specs(documents, Manifest()), documents)


def rows_by_parent(table: Table) -> dict[RowKey, list[tuple[RowKey, dict[str, TableValue]]]]:
    """Rows in order within their parent; the parents' own order belongs to another tab."""
    groups: dict[RowKey, list[tuple[RowKey, dict[str, TableValue]]]] = {}
    for key, row in table.rows.items():
        groups.setdefault(key[:-1], []).append((key, {t: v for t, v in row.cells.items() if v is not None}))
    return groups


@given(st.data())
def test_apply_edits_of_any_style_reads_back_as_the_edited_tables(data: st.DataObject) -> None:
    """tables(parse(apply_edits(text, edits))) equals the edited tables, whatever the style of the text."""
    content = data.draw(rules().flatmap(styled))
    base = read_tables(content)
    tab = data.draw(st.sampled_from(TABS))
    head = data.draw(edited(base[tab]))
    edits = diff_tables(base, {tab: head})
    specs = {name: table.spec for name, table in base.items()}
    result = apply_edits({RULES_FILE: content}, specs, edits).get(RULES_FILE, content)
    assert rows_by_parent(read_tables(result)[tab]) == rows_by_parent(head)
    if not edits:
        assert result == content


@given(st.data())
def test_apply_edits_of_a_vertical_in_any_style_reads_back_as_the_edited_table(data: st.DataObject) -> None:
    """The same for a vertical, with its removed rows and its components' own rows."""
    files = {VERTICAL: data.draw(verticals().flatmap(styled))}
    base = read_vertical(files)
    head = possible(data.draw(edited(base)))
    files |= apply_edits(files, {base.spec.tab: base.spec}, diff_tables({base.spec.tab: base}, {base.spec.tab: head}))
    assert rows_by_parent(read_vertical(files)) == rows_by_parent(head)


def read_vertical(files: dict[str, bytes]) -> Table:
    document, findings = parse_yaml(VERTICAL, files[VERTICAL])
    assert document is not None
    assert not findings
    documents = {VERTICAL: document}
    return tables_from_documents(table_specs(documents, Manifest()), documents)["retail"]


def possible(table: Table) -> Table:
    """What a file can say: nothing beside `remove`, nothing below it, no blank row of a component that has others."""
    removed = {key[0] for key, row in table.rows.items() if not key[-1] and row.cells["remove"]}
    parents = {key[0] for key in table.rows if key[-1]} - removed
    rows = {}
    for key, row in table.rows.items():
        blank = not any(value is not None for value in row.cells.values())
        if (key[-1] and key[0] in removed) or (not key[-1] and blank and key[0] in parents):
            continue
        cells = {**dict.fromkeys(row.cells), "remove": True} if row.cells["remove"] else row.cells
        rows[key] = Row(key, cells, row.former_key)
    ordered = sorted(rows.values(), key=lambda row: bool(row.key[-1]))
    return Table(table.spec, {row.key: row for row in ordered})


@given(st.data())
def test_set_cell_in_any_style_changes_only_its_own_lines(data: st.DataObject) -> None:
    """One scalar changes: every other line, and the rest of its own line, is byte-identical."""
    content = data.draw(rules().flatmap(styled))
    base = read_tables(content)
    cells = [
        (tab, key, title)
        for tab in TABS
        for key, row in base[tab].rows.items()
        for title, value in row.cells.items()
        if value is not None
    ]
    if not cells:
        return
    tab, key, title = data.draw(st.sampled_from(cells))
    spec = base[tab].spec
    value = data.draw(cell_values(spec, title).filter(lambda value: value is not None))
    result = apply_edits({RULES_FILE: content}, {tab: spec}, [SetCell(tab, key, title, value)]).get(RULES_FILE, content)
    before, after = content.split(b"\n"), result.split(b"\n")
    assert len(before) == len(after)
    assert sum(one != other for one, other in zip(before, after, strict=True)) <= 1


@given(st.data())
def test_merge_tables_edits_applied_to_their_file_read_back_as_merged(data: st.DataObject) -> None:
    """The whole way of a submit: base file, two edited sides, merge, and the head's file patched."""
    content = data.draw(rules().flatmap(styled))
    base = read_tables(content)
    specs = {name: table.spec for name, table in base.items()}
    tab = data.draw(st.sampled_from(TABS))
    ours, theirs = {tab: data.draw(edited(base[tab]))}, {tab: data.draw(edited(base[tab]))}
    head = apply_edits({RULES_FILE: content}, specs, diff_tables(base, theirs)).get(RULES_FILE, content)
    result = merge_tables({tab: base[tab]}, ours, {tab: read_tables(head)[tab]})
    final = apply_edits({RULES_FILE: head}, specs, result.edits).get(RULES_FILE, head)
    assert rows_by_parent(read_tables(final)[tab]) == rows_by_parent(result.merged[tab])


@given(rules().flatmap(styled))
def test_load_config_of_any_style_finds_no_yaml_problem(content: bytes) -> None:
    """The generator itself writes YAML that every reader reads the same way."""
    assert not [f for f in load_config({RULES_FILE: content}).findings if f.code.startswith("yaml.")]
