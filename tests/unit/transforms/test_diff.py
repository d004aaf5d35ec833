"""What changed between two moments of a config, in the words of the domain and with its places."""

from __future__ import annotations

from dataclasses import replace

from mergecells.domain.changes import Change
from mergecells.domain.configset import EXAMPLES_FILE, FIELDS_FILE, RULES_FILE
from mergecells.domain.locations import CellRef
from mergecells.domain.manifest import Manifest
from mergecells.domain.revision import Files
from mergecells.domain.tables import Table
from mergecells.transforms.diff import diff_configs
from mergecells.transforms.tables import table_specs, tables_from_documents
from mergecells.transforms.yaml_to_config import load_config

RULES = b"""\
version: "1"
tiers: {A: {min: 80}, B: {min: 0}}
components:
  c:
    weight: 1
    factors:
      a: {weight: 0.3, formula: "=x"}
      b: {weight: 0.7}
"""
RETAIL = "scoring/verticals/retail.yaml"
FILES = {
    RULES_FILE: RULES,
    FIELDS_FILE: b"fields: {x: {type: number, sample: 3}}\n",
    EXAMPLES_FILE: b'date: "2024-01-31"\nexamples: {one: {tier: A, lead: {x: 1}}}\n',
    RETAIL: b"description: Shops\ntiers: {A: {min: 70}}\ncomponents: {c: {factors: {a: null}}}\n",
}


def told(head: Files, base: Files = FILES) -> list[tuple[str, str, str, str, object, object, int | None]]:
    changes = diff_configs(base, head, "base", "head").changes
    return [(c.kind, c.area, c.key, c.field, c.old, c.new, c.line) for c in changes]


def with_rules(old: bytes, new: bytes) -> dict[str, bytes]:
    assert old in RULES
    return {**FILES, RULES_FILE: RULES.replace(old, new)}


def test_diff_configs_of_equal_files_is_empty() -> None:
    """No change, no file, and both revisions named."""
    result = diff_configs(FILES, dict(FILES), "a", "b")
    assert (result.base, result.head, result.changes, result.files) == ("a", "b", (), ())


def test_diff_configs_tells_each_kind_of_change_with_its_line() -> None:
    """Changed, added, removed, renamed, moved; a removed row has its line in base."""
    assert told(with_rules(b"weight: 0.7", b"weight: 0.6")) == [("changed", "Factors", "c / b", "weight", 0.7, 0.6, 8)]
    added = told(with_rules(b"      b:", b"      n: {weight: 0.1}\n      b:"))
    assert added == [("added", "Factors", "c / n", "", None, "weight 0.1", 8)]
    removed = told(with_rules(b"      b: {weight: 0.7}\n", b""))
    assert removed == [("removed", "Factors", "c / b", "", "weight 0.7", None, 8)]
    assert told(with_rules(b"b: {", b"bb: {")) == [("renamed", "Factors", "c / bb", "", "c / b", "c / bb", 8)]
    moved = told(with_rules(b"{A: {min: 80}, B: {min: 0}}", b"{B: {min: 0}, A: {min: 80}}"))
    assert moved == [("moved", "Tiers", "A", "", None, "after B", 2)] or moved[0][:3] == ("moved", "Tiers", "B")
    blanked = told(with_rules(b', formula: "=x"', b""))
    assert blanked == [("changed", "Factors", "c / a", "formula", "=x", None, 7)]


def test_diff_configs_tells_values_that_no_tab_shows() -> None:
    """The version, the examples' date, a vertical's description and tiers, the manifest."""
    head = {
        **with_rules(b'"1"', b'"2"'),
        EXAMPLES_FILE: FILES[EXAMPLES_FILE].replace(b"01-31", b"02-29"),
        RETAIL: FILES[RETAIL].replace(b"Shops", b"Stores").replace(b"70", b"75"),
        "mergecells.yaml": b"branch: trunk\n",
    }
    assert told(head) == [
        ("added", "Manifest", "branch", "", None, "trunk", 1),
        ("changed", "Examples", "date", "", "2024-01-31", "2024-02-29", 1),
        ("changed", "Rules", "version", "", "1", "2", 1),
        ("changed", "retail", "description", "", "Shops", "Stores", 1),
        ("changed", "retail", "tiers.A.min", "", 70, 75, 2),
    ]


def test_diff_configs_tells_a_value_of_a_field_that_went() -> None:
    """An example's value is not lost from sight when its field goes, too."""
    head = {
        **FILES,
        FIELDS_FILE: b"fields: {y: {type: text}}\n",
        EXAMPLES_FILE: b"examples: {one: {tier: A, lead: {y: a}}}\n",
    }
    changes = told(head)
    assert ("changed", "Examples", "one", "x", 1, None, 1) in changes
    assert ("changed", "Examples", "one", "y", None, "a", 1) in changes
    assert ("removed", "Examples", "date", "", "2024-01-31", None, 1) in changes


def test_diff_configs_of_a_deleted_vertical_removes_its_rows() -> None:
    """A whole file that goes is told row by row."""
    head = {file: content for file, content in FILES.items() if file != RETAIL}
    assert ("removed", "retail", "c / a", "", "remove TRUE", None, 3) in told(head)


def test_diff_configs_names_files_of_which_no_row_changed() -> None:
    """A comment is a difference, too; so is a file that no tab knows."""
    head = {**FILES, RULES_FILE: b"# new\n" + RULES, "prompts/a.md": b"x"}
    result = diff_configs(FILES, head, "a", "b")
    assert (result.changes, result.files) == ((), ("prompts/a.md", RULES_FILE))


def test_diff_configs_of_a_file_that_does_not_parse_tells_no_rows_of_it() -> None:
    """A broken file is not a file without rows."""
    result = diff_configs(FILES, {**FILES, RULES_FILE: b"tiers: ["}, "a", "b")
    assert (result.changes, result.files) == ((), (RULES_FILE,))


def test_diff_configs_names_the_cell_and_follows_the_workbooks_renames() -> None:
    """With the workbook's tables, each change carries its cell, and a renamed and changed row is still one row."""
    head = with_rules(b"b: {weight: 0.7}", b"z: {weight: 0.6}")
    documents = load_config(head).documents
    sheet = tables_from_documents(table_specs(documents, Manifest()), documents)
    row = sheet["Factors"].rows["c", "z"]
    refs = {"factor": CellRef("Factors", 3, 2), "weight": CellRef("Factors", 3, 3)}
    known = replace(row, former_key=("c", "b"), refs=refs)
    tables = {"Factors": Table(sheet["Factors"].spec, {**sheet["Factors"].rows, ("c", "z"): known})}
    changes: tuple[Change, ...] = diff_configs(FILES, head, "a", "b", tables).changes
    assert [(c.kind, c.key, c.field, c.cell) for c in changes] == [
        ("renamed", "c / z", "", "Factors!B3"),
        ("changed", "c / z", "weight", "Factors!C3"),
    ]
