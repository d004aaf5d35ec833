"""What one read of a spreadsheet gave: the workbook as values, and the ids that a write needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mergecells.adapters.google_cells import read_cell
from mergecells.domain.errors import WorkbookUnreadableError
from mergecells.domain.locations import CellRef, column_letters, quoted_sheet
from mergecells.domain.workbook import WRITING, Cell, Sheet, Workbook
from mergecells.transforms.collector import paused_collector
from mergecells.transforms.google_formulas import SEPARATOR, GoogleDialect

Json = dict[str, Any]

KEY_PREFIX = "mergecells."
WRITE_KEY = "mergecells.write"
"""Metadata of one write each: its id is one more than the last one's, so that of two writers one is refused."""

SEPARATOR_KEY = "separator"

FIELDS = (
    "spreadsheetId,properties(title,locale),namedRanges,"
    "developerMetadata(metadataId,metadataKey,metadataValue,visibility),"
    "sheets(properties(sheetId,title,index,sheetType,hidden,gridProperties(rowCount,columnCount)),merges,"
    "conditionalFormats,protectedRanges(protectedRangeId,description,range),"
    "data(startRow,startColumn,rowData(values(userEnteredValue,effectiveValue,effectiveFormat(numberFormat),note)),"
    "rowMetadata(hiddenByUser,hiddenByFilter)))"
)
"""One read brings everything; it is one moment of the spreadsheet."""

ENTERED_FIELDS = (
    "developerMetadata(metadataId,metadataKey,metadataValue),"
    "sheets(properties(sheetId,title),data(startRow,startColumn,rowData(values(userEnteredValue))))"
)
"""What tells whether anybody edited since."""

METADATA_FIELDS = "developerMetadata(metadataId,metadataKey,metadataValue)"

_COMMA = ("de", "fr", "es", "it", "nl", "pl", "pt", "ru", "sv", "da", "nb", "no", "fi", "tr", "cs", "sk", "hu", "ro",
          "bg", "el", "uk", "hr", "sl", "sr", "lt", "lv", "et", "id", "vi", "ca", "is", "kk", "ka", "hy", "az", "be",
          "mk", "gl", "eu")  # fmt: skip
"""Languages whose locales write 0,5: there Google separates arguments with `;`, in its API as in the browser."""

_POINT_ALL_THE_SAME = {"es_MX", "es_US", "es_GT", "es_HN", "es_NI", "es_PA", "es_SV", "es_DO", "es_PR", "es_PE",
                       "de_CH", "it_CH", "de_LI"}  # fmt: skip


def writes_point(locale: str) -> bool:
    """Whether formulas of a spreadsheet of this locale have `,` between arguments and `.` in numbers."""
    return locale in _POINT_ALL_THE_SAME or (locale.partition("_")[0] not in _COMMA and locale != "en_ZA")


@dataclass(frozen=True, slots=True)
class TabState:
    """A grid tab as Google knows it. Rows and columns count from 1 as everywhere here; ids and indexes are Google's."""

    sheet_id: int
    rows: int
    columns: int
    rules: tuple[Json, ...] = ()
    protected: tuple[Json, ...] = ()


@dataclass(slots=True)
class GoogleState:
    """`names` has Google's name → its NamedRange, `metadata` key → (id, value), `writes` the ids of the last writes.
    `entered` is what a later look is compared with."""

    workbook: Workbook
    tabs: dict[str, TabState]
    locale: str
    names: dict[str, Json]
    metadata: dict[str, tuple[int, str]]
    writes: list[int]
    entered: Mapping[str, Mapping[tuple[int, int], Json]] = field(default_factory=dict)
    sheet_ids: frozenset[int] = frozenset()

    @property
    def is_new(self) -> bool:
        """Nothing is in it, or no more than a write that began to make it and did not end."""
        if self.metadata.get(WRITING, (0, ""))[1] == "create":
            return True
        return "base_revision" not in self.metadata and not any(self.entered.values())


@paused_collector()
def read_state(answer: Json) -> GoogleState:
    """A `spreadsheets.get` of FIELDS → everything. Raises WorkbookUnreadableError for a locale that cannot be read."""
    properties = answer["properties"]
    metadata, writes = read_metadata(answer)
    named = {each["name"]: each for each in answer.get("namedRanges", ())}
    dialect = make_dialect(metadata, named, [each["properties"]["title"] for each in answer["sheets"]])
    sheets: dict[str, Sheet] = {}
    tabs: dict[str, TabState] = {}
    for sheet in answer["sheets"]:
        about = sheet["properties"]
        title = about["title"]
        sheets[title] = _read_sheet(sheet, dialect)
        grid = about.get("gridProperties")
        if grid:
            rules, protected = sheet.get("conditionalFormats", ()), sheet.get("protectedRanges", ())
            size = (grid.get("rowCount", 0), grid.get("columnCount", 0))
            tabs[title] = TabState(about["sheetId"], *size, tuple(rules), tuple(protected))
    titles = {sheet["properties"]["sheetId"]: sheet["properties"]["title"] for sheet in answer["sheets"]}
    names = {_our_name(dialect, name, sheets): _target(each, titles) for name, each in named.items()}
    values = {key: value for key, (_, value) in metadata.items()}
    workbook = Workbook(properties["title"], sheets, names, values)
    locale = properties.get("locale", "en_US")
    state = GoogleState(workbook, tabs, locale, named, metadata, writes, read_entered(answer), frozenset(titles))
    if not state.is_new and not writes_point(state.locale):
        raise WorkbookUnreadableError(
            f"{properties['title']} is set to the locale {state.locale}, in which formulas are written with ; and a "
            "decimal comma.",
            "Choose File, Settings, Locale: United States or United Kingdom. Values stay as they are.",
        )
    return state


def read_metadata(answer: Json) -> tuple[dict[str, tuple[int, str]], list[int]]:
    """Our metadata of the spreadsheet by key, and the ids of the last writes in order."""
    found: dict[str, tuple[int, str]] = {}
    writes: list[int] = []
    for each in answer.get("developerMetadata", ()):
        key = each.get("metadataKey", "")
        if key == WRITE_KEY:
            writes.append(each["metadataId"])
        elif key.startswith(KEY_PREFIX):
            found[key.removeprefix(KEY_PREFIX)] = (each["metadataId"], each.get("metadataValue", ""))
    return found, sorted(writes)


def make_dialect(metadata: Mapping[str, tuple[int, str]], named: Mapping[str, Json], tabs: list[str]) -> GoogleDialect:
    """How this spreadsheet writes names."""
    separator = metadata.get(SEPARATOR_KEY, (0, SEPARATOR))[1] or SEPARATOR
    plain = GoogleDialect(separator)
    lower = {tab.lower() for tab in tabs}
    parts = (plain.split(name.lower()) for name in named)
    scoped = frozenset((each[0], ".".join(each[1:])) for each in parts if len(each) > 2 and each[0] in lower)
    return GoogleDialect(separator, scoped)


def _our_name(dialect: GoogleDialect, name: str, sheets: Mapping[str, Sheet]) -> str:
    parts = dialect.split(name)
    tab = next((each for each in sheets if each.lower() == parts[0].lower()), "") if len(parts) > 2 else ""
    return f"{quoted_sheet(tab)}!{'.'.join(parts[1:])}" if tab else ".".join(parts)


def _target(named: Json, titles: Mapping[int, str]) -> str:
    area = named.get("range", {})
    title = titles.get(area.get("sheetId", 0), "")
    if not title or "endRowIndex" not in area or "endColumnIndex" not in area:
        return "#REF!"
    first = f"${column_letters(area.get('startColumnIndex', 0) + 1)}${area.get('startRowIndex', 0) + 1}"
    last = f"${column_letters(area['endColumnIndex'])}${area['endRowIndex']}"
    return f"{quoted_sheet(title)}!{first}" + ("" if first == last else f":{last}")


def _read_sheet(sheet: Json, dialect: GoogleDialect) -> Sheet:
    about = sheet["properties"]
    cells: dict[tuple[int, int], Cell] = {}
    hidden: set[int] = set()
    for grid in sheet.get("data", ()):
        top, left = grid.get("startRow", 0) + 1, grid.get("startColumn", 0) + 1
        for row, values in enumerate(grid.get("rowData", ()), start=top):
            for column, data in enumerate(values.get("values", ()), start=left):
                cell = read_cell(data, about["title"], dialect) if data else None
                if cell is not None:
                    cells[row, column] = cell
        for row, each in enumerate(grid.get("rowMetadata", ()), start=top):
            if each.get("hiddenByUser") or each.get("hiddenByFilter"):
                hidden.add(row)
    merged = tuple(
        CellRef(
            about["title"],
            area.get("startRowIndex", 0) + 1,
            area.get("startColumnIndex", 0) + 1,
            area["endRowIndex"],
            area["endColumnIndex"],
        )
        for area in sheet.get("merges", ())
    )
    return Sheet(about["title"], cells, bool(about.get("hidden")), frozenset(hidden), merged)


def read_entered(answer: Json) -> dict[str, dict[tuple[int, int], Json]]:
    """What stands in each cell of each tab, as it was entered."""
    found: dict[str, dict[tuple[int, int], Json]] = {}
    for sheet in answer["sheets"]:
        cells = found.setdefault(sheet["properties"]["title"], {})
        for grid in sheet.get("data", ()):
            top, left = grid.get("startRow", 0) + 1, grid.get("startColumn", 0) + 1
            for row, values in enumerate(grid.get("rowData", ()), start=top):
                for column, data in enumerate(values.get("values", ()), start=left):
                    entered = data.get("userEnteredValue")
                    if entered:
                        cells[row, column] = entered
    return found


def find_edits(before: GoogleState, answer: Json) -> list[str]:
    """The cells (or tabs, or another program's write) that changed between `before` and a read of ENTERED_FIELDS."""
    now = read_entered(answer)
    if now.keys() != before.entered.keys():
        return [f"tab {name}" for name in sorted(now.keys() ^ before.entered.keys())]
    edits = [
        str(CellRef(name, *place))
        for name, cells in now.items()
        if cells != before.entered[name]
        for place in sorted({*cells, *before.entered[name]})
        if cells.get(place) != before.entered[name].get(place)
    ]
    metadata, writes = read_metadata(answer)
    if not edits and (writes != before.writes or metadata != before.metadata):
        edits.append("what it remembers (another mergecells command ran)")
    return edits
