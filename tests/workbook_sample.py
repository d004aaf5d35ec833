"""A small config with one of everything that a workbook shows, and ways to edit a workbook as programs do."""

from __future__ import annotations

import subprocess
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl

from mergecells.adapters.xlsx_workbook import XlsxWorkbook
from mergecells.authoring.export import ExportResult, export_workbook
from mergecells.authoring.fill import FillPlan, plan_fill
from mergecells.transforms.workbook_changes import render_file_diff

BASE = "a" * 40
HEAD = "b" * 40

RULES = """\
# What a lead is worth.
version: "1.0"
tiers:
  A: {min: 80, label: "A"}   # call today
  B: {min: 40, label: 'B'}
  C: {min: 0, label: C}
lists:
  good_countries: [Germany, "Côte d'Ivoire", 49]
formulas:
  spend: "=MAX(0,seats)*price"
components:
  company:
    weight: 0.60   # the larger part
    description: "Who they are"
    factors:
      age: {weight: 0.3, formula: "=IF(years>=10, 1, years/10)"}
      home: {weight: 0.7, formula: '=IF(COUNTIF(good_countries,country)>0,1,0.25)'}
  intent:
    weight: 0.4
    formula: "=MAX(budget,asked)"
    factors:
      budget: {weight: 0.5, formula: "=MIN(1,spend/1000)"}
      asked: {weight: 0.5}
"""
FIELDS = """\
fields:
  years: {type: number, sample: 7}
  country: {column: Country, type: text, sample: Germany}
  seats: {type: number, sample: 10}
  price: {type: number, sample: 12.5}
  asked: {type: boolean, sample: true}
  code: {type: text, sample: "007"}
  since: {type: date, sample: "2024-02-29"}
"""
EXAMPLES = """\
examples:
  old firm:
    tier: A
    lead: {years: 30, country: Germany, seats: 100, price: 10, asked: true, code: "0049"}
  new firm:
    tier: C
    description: |
      Two lines
      of text.
    lead: {years: 0, country: "=France", asked: false}
"""
HEALTH = """\
components:
  company:
    weight: 0.5
    factors:
      age: {formula: "=MIN(1,years/20)"}
      home: null
  intent: {weight: 0.5}
"""


def sample_files() -> dict[str, bytes]:
    texts = {
        "mergecells.yaml": "version: 1\n",
        "scoring/rules.yaml": RULES,
        "scoring/fields.yaml": FIELDS,
        "scoring/examples.yaml": EXAMPLES,
        "scoring/verticals/health.yaml": HEALTH,
    }
    return {name: text.encode() for name, text in texts.items()}


def changed(files: dict[str, bytes], name: str, old: str, new: str) -> dict[str, bytes]:
    """The files with one text replaced, which must be there."""
    text = files[name].decode()
    assert old in text
    return {**files, name: text.replace(old, new).encode()}


def sound_files() -> dict[str, bytes]:
    """The sample without what a check would refuse."""
    files = changed(sample_files(), "scoring/fields.yaml", "  code:", "  code_no:")
    files = changed(files, "scoring/examples.yaml", "code:", "code_no:")
    return changed(files, "scoring/verticals/health.yaml", "      home: null\n", "")


def filled(path: Path, files: dict[str, bytes] | None = None) -> XlsxWorkbook:
    """A new workbook at `path`, filled from `files`."""
    source = XlsxWorkbook(path)
    plan = plan_fill(files or sample_files(), BASE, None, lambda _: None)
    assert plan.layout is not None
    source.write(plan.layout)
    return source


def refill(source: XlsxWorkbook, files: dict[str, bytes], base: dict[str, bytes] | None = None) -> FillPlan:
    """Fill an existing workbook whose base is `base` from `files`."""
    plan = plan_fill(files, HEAD, source.read(), lambda _: base or sample_files())
    if plan.layout is not None:
        source.write(plan.layout)
    return plan


def edit(path: Path, change: Callable[[Any], None]) -> None:
    """Edit as openpyxl does: load, change, save. Cached results of formulas are gone after it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        workbook = openpyxl.load_workbook(path)
        change(workbook)
        workbook.save(path)


def find_cell(workbook: Any, tab: str, title: str, *key: str) -> Any:
    """The openpyxl cell in the column `title` of the row whose first cells hold `key`."""
    sheet = workbook[tab]
    titles = {cell.value: cell.column for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        if tuple(str(sheet.cell(row, column + 1).value or "") for column in range(len(key))) == key:
            return sheet.cell(row, titles[title])
    raise AssertionError(f"{tab} has no row {key}")


def resave(path: Path, folder: Path) -> None:
    """Let LibreOffice open and save the workbook; what has no cached result is computed."""
    resave_all([path], folder)


def resave_all(paths: Sequence[Path], folder: Path) -> None:
    """The same for several, of different names, with one start of LibreOffice."""
    command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "xlsx"]
    done = subprocess.run(
        [*command, "--outdir", str(folder / "saved"), *map(str, paths)], capture_output=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    for path in paths:
        path.write_bytes((folder / "saved" / path.name).read_bytes())
        (folder / "saved" / path.name).unlink()


def export(source: XlsxWorkbook, head: dict[str, bytes] | None = None) -> ExportResult:
    return export_workbook(source.read(), sample_files(), head)


def diff_lines(result: ExportResult, files: dict[str, bytes] | None = None) -> list[str]:
    """The removed and added lines of an export, without headers and context."""
    before = files or sample_files()
    lines = [
        line
        for name, content in sorted(result.files.items())
        for line in render_file_diff(name, before.get(name), content).splitlines()
    ]
    return [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]
