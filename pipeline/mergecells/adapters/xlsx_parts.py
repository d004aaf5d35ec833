"""The parts around the sheets of an .xlsx: relationships, the list of tabs, shared texts, formats, notes, metadata."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from mergecells.adapters.xlsx_limits import SAVE_AS
from mergecells.adapters.xlsx_xml import parse_part
from mergecells.domain.errors import WorkbookUnreadableError

_BUILTIN_FORMATS = {1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 49: "@"}
_BUILTIN_DATES = {14: "mm-dd-yy", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 22: "m/d/yy h:mm"}
_BUILTIN_TIMES = {
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mmss.0",
}
_OTHER_DATES = frozenset((*range(27, 37), *range(50, 59)))
_NOT_FORMAT = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]')
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_UNESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class Relation(NamedTuple):
    """`kind` is the last word of the relationship's type (`worksheet`), `target` the part it points at."""

    kind: str
    target: str


class Tab(NamedTuple):
    name: str
    part: str
    hidden: bool


class CellFormat(NamedTuple):
    code: str
    is_date: bool
    quote_prefix: bool


@dataclass(slots=True)
class Contents:
    """What `xl/workbook.xml` says."""

    part: str
    tabs: list[Tab] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    epoch_1904: bool = False


def unescape(text: str) -> str:
    """`_x000D_` is how the format writes characters that XML cannot hold."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda match: chr(int(match.group(1), 16)), text)


def escape(text: str) -> str:
    """The other way round: control characters, and texts that look like an escape themselves."""
    return _UNESCAPED.sub(lambda match: f"_x{ord(match.group()):04X}_", text)


def read_relations(archive: zipfile.ZipFile, part: str) -> dict[str, Relation]:
    """By relationship id; empty when the part has none. A target outside the package is left out."""
    folder, name = posixpath.split(part)
    relations_part = posixpath.join(folder, "_rels", f"{name}.rels")
    found: dict[str, Relation] = {}
    if relations_part not in archive.NameToInfo:
        return found

    def start(element: str, attributes: Mapping[str, str]) -> None:
        if element == "Relationship" and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/")
            found[attributes.get("Id", "")] = Relation(attributes.get("Type", "").rsplit("/", 1)[-1], target)

    parse_part(archive, relations_part, start)
    return found


def find_part(archive: zipfile.ZipFile, part: str, kind: str) -> str | None:
    """The part that `part` relates to as `kind`, when it is there."""
    for relation in read_relations(archive, part).values():
        if relation.kind == kind and relation.target in archive.NameToInfo:
            return relation.target
    return None


def read_contents(archive: zipfile.ZipFile) -> Contents:
    """Tabs in order, defined names, the date epoch."""
    part = find_part(archive, "", "officeDocument")
    if part is None:
        raise WorkbookUnreadableError(f"{archive.filename} is not an .xlsx workbook (it may be a document).", SAVE_AS)
    relations = read_relations(archive, part)
    contents = Contents(part)
    name: list[str] = []
    words: list[str] = []

    def start(element: str, attributes: Mapping[str, str]) -> None:
        words.clear()
        if element == "sheet":
            key = next((value for title, value in attributes.items() if title.rpartition(":")[2] == "id"), "")
            relation = relations.get(key)
            if relation and relation.kind == "worksheet":
                hidden = attributes.get("state", "visible") != "visible"
                contents.tabs.append(Tab(attributes.get("name", ""), relation.target, hidden))
        elif element == "workbookPr":
            contents.epoch_1904 = attributes.get("date1904", "0") in ("1", "true")
        elif element == "definedName":
            name[:] = [attributes.get("name", "")] if "localSheetId" not in attributes else []

    def end(element: str) -> None:
        if element == "definedName" and name:
            contents.names[name[0]] = "".join(words)

    parse_part(archive, part, start, end, words.append)
    return contents


def read_shared_texts(archive: zipfile.ZipFile, workbook_part: str) -> list[str]:
    """The shared strings; rich text is flattened, phonetic readings are left out."""
    part = find_part(archive, workbook_part, "sharedStrings")
    if part is None:
        return []
    texts: list[str] = []
    words: list[str] = []
    inside = [False, False]  # in a <t>, in a phonetic run

    def start(element: str, _: Mapping[str, str]) -> None:
        if element == "si":
            words.clear()
        elif element == "rPh":
            inside[1] = True
        elif element == "t":
            inside[0] = True

    def end(element: str) -> None:
        if element == "si":
            texts.append(unescape("".join(words)))
        elif element == "rPh":
            inside[1] = False
        elif element == "t":
            inside[0] = False

    def text(chunk: str) -> None:
        if inside[0] and not inside[1]:
            words.append(chunk)

    parse_part(archive, part, start, end, text)
    return texts


def read_formats(archive: zipfile.ZipFile, workbook_part: str) -> list[CellFormat]:
    """The number format of each cell style, by its index in `cellXfs`."""
    part = find_part(archive, workbook_part, "styles")
    if part is None:
        return [CellFormat("General", False, False)]
    codes: dict[int, str] = {}
    formats: list[CellFormat] = []
    path: list[str] = []

    def start(element: str, attributes: Mapping[str, str]) -> None:
        path.append(element)
        if element == "numFmt" and "numFmts" in path:
            codes[_whole(attributes.get("numFmtId"))] = attributes.get("formatCode", "General")
        elif element == "xf" and path[-2:-1] == ["cellXfs"]:
            quoted = attributes.get("quotePrefix", "0") in ("1", "true")
            formats.append(_cell_format(_whole(attributes.get("numFmtId")), codes, quoted))

    parse_part(archive, part, start, lambda _: (path.pop(), None)[1])
    return formats or [CellFormat("General", False, False)]


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def _cell_format(number: int, codes: Mapping[int, str], quoted: bool) -> CellFormat:
    code = codes.get(number)
    if code is None:
        code = _BUILTIN_FORMATS.get(number) or _BUILTIN_DATES.get(number) or _BUILTIN_TIMES.get(number) or "General"
        is_date = number in _BUILTIN_DATES or number in _BUILTIN_TIMES or number in _OTHER_DATES
    else:
        is_date = shows_date(code)
    return CellFormat(code, is_date, quoted)


def shows_date(code: str) -> bool:
    """True when a number format shows a date or a time: a date letter outside quotes, colours and escapes."""
    first = _NOT_FORMAT.sub("", code).split(";")[0].lower()
    return "general" not in first and bool(re.search(r"[dmyhs]", first))


def read_notes(archive: zipfile.ZipFile, sheet_part: str) -> dict[str, str]:
    """Notes (the old comments) by cell address."""
    part = find_part(archive, sheet_part, "comments")
    if part is None:
        return {}
    notes: dict[str, str] = {}
    address: list[str] = [""]
    words: list[str] = []
    inside = [False]

    def start(element: str, attributes: Mapping[str, str]) -> None:
        if element == "comment":
            address[0] = attributes.get("ref", "")
            words.clear()
        elif element == "t":
            inside[0] = True

    def end(element: str) -> None:
        if element == "comment":
            notes[address[0]] = unescape("".join(words))
        elif element == "t":
            inside[0] = False

    parse_part(archive, part, start, end, lambda chunk: words.append(chunk) if inside[0] else None)
    return notes


def read_properties(archive: zipfile.ZipFile) -> dict[str, str]:
    """The custom document properties as text."""
    part = find_part(archive, "", "custom-properties")
    if part is None:
        return {}
    found: dict[str, str] = {}
    name: list[str] = [""]
    words: list[str] = []

    def start(element: str, attributes: Mapping[str, str]) -> None:
        if element == "property":
            name[0] = attributes.get("name", "")
            words.clear()

    def end(element: str) -> None:
        if element == "property":
            found[name[0]] = "".join(words).strip()

    parse_part(archive, part, start, end, words.append)
    return found
