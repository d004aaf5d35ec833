"""Cells named without a workbook are the cells that `fill` gives: one truth for both."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.stage import command
from mergecells.adapters.tree_files import read_config_files
from mergecells.adapters.xlsx_workbook import XlsxWorkbook
from mergecells.authoring.export import read_against_base
from mergecells.domain.locations import CellRef
from mergecells.transforms.locate import Locator, index_cells
from mergecells.transforms.salvage import salvage_rules
from mergecells.transforms.tables import table_specs, tables_from_documents
from mergecells.transforms.yaml_to_config import load_config, parse_yaml

REPOSITORY = Path(__file__).parents[3]
VERTICALS = REPOSITORY / "tests/examples/valid/verticals_add_remove_reweight"


@pytest.mark.parametrize("source", [REPOSITORY, VERTICALS], ids=["default", "verticals"])
def test_planned_cells_are_those_of_the_filled_workbook(source: Path, tmp_path: Path) -> None:
    """Every value that both know is in the same cell, in every tab, keys included."""
    files = read_config_files(source).files
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    assert command("--config-root", tmp_path, "fill", "--apply").status == 0
    loaded = load_config(files)
    assert loaded.config
    tables = tables_from_documents(table_specs(loaded.documents, loaded.config.manifest), loaded.documents)
    planned = index_cells(tables)
    read = index_cells(read_against_base(XlsxWorkbook(tmp_path / "scoring.xlsx").read(), loaded).ours)
    assert planned == read
    assert len({cell.sheet for cell in planned.values()}) >= 6


def test_locator_block_is_the_smallest_that_holds_all() -> None:
    """Several cells of one tab are shown as a block, a single one as itself."""
    cells = {("f", ("a",)): CellRef("T", 2, 3), ("f", ("b",)): CellRef("T", 5, 3), ("f", ("x",)): CellRef("U", 1, 1)}
    locator = Locator(cells=cells)
    assert locator.block("f", [("a",), ("b",), ("missing",)]) == "T!C2:C5"
    assert locator.block("f", [("a",)]) == "T!C2"
    assert locator.block("f", [("a",), ("x",)]) is None
    assert locator.block("f", []) is None


def test_locator_cell_of_a_part_is_that_of_its_row() -> None:
    """What has no cell of its own is found at the nearest enclosing row."""
    locator = Locator(cells={("f", ("rows", "a")): CellRef("T", 2, 1)})
    assert locator.cell("f", ("rows", "a", "weight")) == "T!A2"
    assert locator.cell("f", ("other",)) is None


@pytest.mark.parametrize(
    ("entry", "incomplete"),
    [
        ("f: {weight: 1, formula: '=1'}", set()),
        ("f: {weight: 1, formula: '=1', colour: red}", set()),
        ("f: {weight: 1, description: 5}", set()),
        ("f: {weight: 1}\n      g: {weight: x}", {("components", "c", "factors")}),
        ("f: {weight: 1}\n      g:", {("components", "c", "factors")}),
    ],
)
def test_salvage_takes_out_no_more_than_it_must(entry: str, incomplete: set[tuple[str, ...]]) -> None:
    """An unknown key or a wrong description goes alone; a broken factor goes whole, and its siblings are marked."""
    text = f"version: '1'\ntiers: {{A: {{min: 0}}}}\ncomponents:\n  c:\n    weight: 1\n    factors:\n      {entry}\n"
    document, findings = parse_yaml("rules.yaml", text.encode())
    assert document, findings
    salvage = salvage_rules(document)
    assert salvage
    assert salvage.incomplete == incomplete
    assert "f" in salvage.rules.components["c"].factors


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("version: '1'\ntiers: {A: {min: 5}}\ncomponents: {}\n", ("components",)),
        ("components: {c: {weight: 0.5, factors: {f: {weight: 1}}}}\n", ("tiers",)),
    ],
)
def test_salvage_keeps_one_part_when_the_other_is_empty_or_missing(text: str, lost: tuple[str]) -> None:
    """Tiers are judged without components, and the other way round; what is not there is not judged."""
    document, _ = parse_yaml("rules.yaml", text.encode())
    assert document
    salvage = salvage_rules(document)
    assert salvage
    assert salvage.incomplete == {lost}
    assert bool(salvage.rules.tiers) != bool(salvage.rules.components)


@pytest.mark.parametrize("text", ["5", "[]", "version: '1'", "components: 5\ntiers: []\nversion: 1", "a: 1"])
def test_salvage_of_too_little_is_none(text: str) -> None:
    """Without a tier or a component there is nothing to check, and no crash."""
    document, _ = parse_yaml("rules.yaml", text.encode())
    assert document
    assert salvage_rules(document) is None
