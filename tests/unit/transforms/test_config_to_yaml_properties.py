"""Round trips of random rule sets in random styles: what was edited reads as edited, all else stays byte for byte."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mergecells.domain.configset import RULES_FILE
from mergecells.domain.manifest import Manifest
from mergecells.domain.tables import RowKey, SetCell, Table, TableValue
from mergecells.transforms.config_to_yaml import apply_edits
from mergecells.transforms.tables import diff_tables, table_specs, tables_from_documents
from mergecells.transforms.yaml_to_config import load_config, parse_yaml
from unit.transforms.yaml_styles import cell_values, edited, rules, styled

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


@given(rules().flatmap(styled))
def test_load_config_of_any_style_finds_no_yaml_problem(content: bytes) -> None:
    """The generator itself writes YAML that every reader reads the same way."""
    assert not [f for f in load_config({RULES_FILE: content}).findings if f.code.startswith("yaml.")]
