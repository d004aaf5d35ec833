"""A tab that an existing workbook lacks (a new vertical, a tab that somebody deleted): taken from a fresh workbook.

Formats are appended to those of the workbook, texts become inline texts, and notes are made anew, so that nothing that
is there changes its number.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable

from lxml import etree

from mergecells.adapters.xlsx_create import create_xlsx
from mergecells.adapters.xlsx_note_patch import add_note
from mergecells.adapters.xlsx_package import OFFICE, Package, q
from mergecells.adapters.xlsx_parts import Tab
from mergecells.domain.workbook_layout import WorkbookLayout

_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_POOLS = (("fonts", "fontId"), ("fills", "fillId"), ("borders", "borderId"))
_FIRST_OWN_FORMAT = 164
"""Number formats below are built in."""


def add_tabs(package: Package, layout: WorkbookLayout, names: Iterable[str]) -> None:
    """Add the tabs of these names at the end of the workbook."""
    wanted = list(names)
    if not wanted:
        return
    fresh = Package(create_xlsx(layout))
    formats, rules = _append_styles(package, fresh)
    sheets = {sheet.name: sheet for sheet in layout.sheets}
    for name in wanted:
        part = next(tab.part for tab in fresh.contents.tabs if tab.name == name)
        root = _detach(copy.deepcopy(fresh.tree(part)), fresh.texts, formats, rules)
        place = _add_sheet(package, name, root)
        for position, cell in sheets[name].cells.items():
            if cell.note:
                add_note(package, place, position, cell.note)


def _detach(root: etree._Element, texts: list[str], formats: list[int], rules: int) -> etree._Element:
    """The sheet without anything that points into the workbook it comes from."""
    for element in list(root.iter(q("legacyDrawing"), q("drawing"), q("tableParts"))):
        parent = element.getparent()
        if parent is not None:
            parent.remove(element)
    for element in root.iter(q("c"), q("col")):
        attribute = "s" if element.tag == q("c") else "style"
        if element.get(attribute) is not None:
            element.set(attribute, str(formats[int(element.get(attribute, "0"))]))
    for element in root.iter(q("cfRule")):
        if element.get("dxfId") is not None:
            element.set("dxfId", str(int(element.get("dxfId", "0")) + rules))
    for element in root.iter(q("sheetView")):
        element.attrib.pop("tabSelected", "")
    for cell in root.iter(q("c")):
        value = cell.find(q("v"))
        if cell.get("t") == "s" and value is not None:
            cell.remove(value)
            cell.set("t", "inlineStr")
            text = etree.SubElement(etree.SubElement(cell, q("is")), q("t"))
            text.text = texts[int(value.text or "0")]
            text.set(_SPACE, "preserve")
    return root


def _append_styles(package: Package, fresh: Package) -> tuple[list[int], int]:
    """Append the fresh workbook's formats. Returns the new index of each, and how far conditional formats moved."""
    target, source = package.styles(), fresh.styles()
    numbers = _append_number_formats(target, source)
    moved = {name: _append(target, source, name) for name, _ in _POOLS}
    rules = _append(target, source, "dxfs")
    listed = target.find(q("cellXfs"))
    given = source.find(q("cellXfs"))
    assert listed is not None
    assert given is not None
    indexes = []
    for xf in given:
        new = copy.deepcopy(xf)
        new.set("xfId", "0")
        for name, attribute in _POOLS:
            new.set(attribute, str(int(new.get(attribute, "0")) + moved[name]))
        new.set("numFmtId", numbers.get(new.get("numFmtId", "0"), new.get("numFmtId", "0")))
        indexes.append(len(listed))
        listed.append(new)
    listed.set("count", str(len(listed)))
    return indexes, rules


def _append(target: etree._Element, source: etree._Element, name: str) -> int:
    """Append one pool; returns how many it had before."""
    listed, given = target.find(q(name)), source.find(q(name))
    if given is None:
        return 0
    if listed is None:
        listed = etree.Element(q(name))
        following = next((e for e in target if e.tag in (q("tableStyles"), q("colors"), q("extLst"))), None)
        if following is None:
            target.append(listed)
        else:
            following.addprevious(listed)
    before = len(listed)
    listed.extend(copy.deepcopy(element) for element in given)
    listed.set("count", str(len(listed)))
    return before


def _append_number_formats(target: etree._Element, source: etree._Element) -> dict[str, str]:
    """The new id of each of the source's own number formats."""
    listed = target.find(q("numFmts"))
    if listed is None:
        listed = etree.Element(q("numFmts"))
        target.insert(0, listed)
    taken = [int(element.get("numFmtId", "0")) for element in listed]
    ids: dict[str, str] = {}
    for number, element in enumerate(source.iter(q("numFmt")), start=max([_FIRST_OWN_FORMAT, *taken]) + 1):
        ids[element.get("numFmtId", "")] = str(number)
        etree.SubElement(listed, q("numFmt"), numFmtId=str(number), formatCode=element.get("formatCode", ""))
    listed.set("count", str(len(listed)))
    if not len(listed):
        target.remove(listed)
    return ids


def _add_sheet(package: Package, name: str, root: etree._Element) -> str:
    number = next(n for n in range(1, 10_000) if not package.has(f"xl/worksheets/sheet{n}.xml"))
    part = f"xl/worksheets/sheet{number}.xml"
    package.add(part, etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True), _SHEET_TYPE)
    identity = package.relate(package.contents.part, part, "worksheet")
    listed = package.tree(package.contents.part).find(q("sheets"))
    assert listed is not None
    sheet_id = max((int(element.get("sheetId", "0")) for element in listed), default=0) + 1
    etree.SubElement(listed, q("sheet"), {"name": name, "sheetId": str(sheet_id), f"{{{OFFICE}}}id": identity})
    package.contents.tabs.append(Tab(name, part, False))
    return part
