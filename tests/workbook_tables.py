"""A config whose formulas use two lookup tables, with what a spreadsheet takes for something else in their cells."""

from __future__ import annotations

from pathlib import Path

from mergecells.adapters.xlsx_workbook import XlsxWorkbook
from mergecells.authoring.export import ExportResult, export_workbook

PLACES = "scoring/tables/places.yaml"
PLACES_TEXT = """\
# Where we sell.
columns:
  place: {type: text}
  region: {type: text, description: "Part of the world."}
  fit: {type: number}
  open: {type: boolean}
  since: {type: date}
rows:
  # Near
  Berlin: {region: North, fit: 0.5, open: true, since: "2024-02-29"}
  Rome: {region: South, fit: 0.25, open: false}   # later
  Oslo: {fit: 0.75}
  "007": {region: "1e3", fit: 1}
"""
BANDS_TEXT = """\
columns: {least: {type: number}, share: {type: number}}
rows:
  "0": {share: 0}
  "100": {share: 0.5}
  "1000": {share: 1}
"""
FORMULAS = {
    "by_column": "VLOOKUP(home,places,3,FALSE)",
    "by_name": "INDEX(places_fit,MATCH(home,places_place,0))",
    "by_row": "HLOOKUP(0,bands,3,FALSE)",
    "of_region": 'SUMIFS(places_fit,places_region,"North")',
    "height": "ROWS(places)",
    "width": "COLUMNS(places)",
    "weighted": "SUMPRODUCT((places_fit>0.4)*places_fit)",
    "blanks": 'COUNTIF(places_region,"")',
    "banded": "LOOKUP(120,bands_least,bands_share)",
    "the_day": "VLOOKUP(home,places,5,FALSE)",
    "total": "SUM(places_fit)",
    "its_code": 'VLOOKUP("007",places,2,FALSE)',
    "best": "MAXIFS(places_fit,places_open,TRUE)",
    "mean": 'AVERAGEIF(places_fit,">0.3")',
}


def table_files() -> dict[str, bytes]:
    formulas = "".join(f"  {name}: '={text}'\n" for name, text in FORMULAS.items())
    texts = {
        "mergecells.yaml": "version: 1\n",
        "scoring/rules.yaml": f'version: "1"\ntiers: {{A: {{min: 0}}}}\nformulas:\n{formulas}'
        'components: {c: {weight: 1, factors: {f: {weight: 1, formula: "=VLOOKUP(home,places,3,FALSE)"}}}}\n',
        "scoring/fields.yaml": "fields: {home: {type: text, sample: berlin}}\n",
        PLACES: PLACES_TEXT,
        "scoring/tables/bands.yaml": BANDS_TEXT,
    }
    return {name: text.encode() for name, text in texts.items()}


def shown(source: XlsxWorkbook) -> dict[str, object]:
    """Each intermediate's result in the workbook."""
    sheet = source.read().sheets["Formulas"]
    return {str(sheet.at(row, 1).value): sheet.at(row, 3).value for row in range(2, 2 + len(FORMULAS))}


def exported(path: Path, head: dict[str, bytes] | None = None) -> ExportResult:
    return export_workbook(XlsxWorkbook(path).read(), table_files(), head)
