"""What an existing workbook remembers (the base revision among others) and whether it is computed when opened."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from mergecells.adapters.xlsx_package import Package, q
from mergecells.adapters.xlsx_read import PROPERTY_PREFIX
from mergecells.domain.workbook import METADATA_SHEET

_AFTER = tuple(q(tag) for tag in ("sheets", "functionGroups", "externalReferences", "definedNames"))
_PROPERTIES = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
_VARIANTS = "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"
_FORMAT = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


def patch_metadata(package: Package, metadata: Mapping[str, str], present: Mapping[str, str]) -> bool:
    """Write the metadata to the very hidden tab and the document properties, where each is there; at least to one.

    `present` is what the workbook says now. Returns whether anything changed.
    """
    if all(present.get(key) == value for key, value in metadata.items()):
        return False
    part = next((tab.part for tab in package.contents.tabs if tab.name == METADATA_SHEET), None)
    data = package.tree(part).find(q("sheetData")) if part else None
    if data is not None:
        _write_tab(data, metadata)
    properties = package.find("", "custom-properties")
    if properties:
        _write_properties(package.tree(properties), metadata)
    elif data is None:
        _add_properties(package, metadata)
    return True


def _write_properties(root: etree._Element, metadata: Mapping[str, str]) -> None:
    for key, value in metadata.items():
        name = PROPERTY_PREFIX + key
        element = next((each for each in root if each.get("name") == name), None)
        if element is None:
            number = max((int(each.get("pid", "1")) for each in root), default=1) + 1
            element = etree.SubElement(root, f"{{{_PROPERTIES}}}property", fmtid=_FORMAT, pid=str(number), name=name)
        element[:] = []
        etree.SubElement(element, f"{{{_VARIANTS}}}lpwstr").text = value


def _add_properties(package: Package, metadata: Mapping[str, str]) -> None:
    place = "docProps/custom.xml"
    empty = f'<Properties xmlns="{_PROPERTIES}" xmlns:vt="{_VARIANTS}"/>'.encode()
    package.add(place, empty, "application/vnd.openxmlformats-officedocument.custom-properties+xml")
    package.relate("", place, "custom-properties")
    _write_properties(package.tree(place), metadata)


def _write_tab(data: etree._Element, metadata: Mapping[str, str]) -> None:
    """The tab is all ours: it is written anew."""
    data[:] = []
    for number, pair in enumerate(metadata.items(), start=1):
        row = etree.SubElement(data, q("row"), r=str(number))
        for letter, value in zip("AB", pair, strict=True):
            cell = etree.SubElement(row, q("c"), r=f"{letter}{number}", t="inlineStr")
            text = etree.SubElement(etree.SubElement(cell, q("is")), q("t"))
            text.text = value
            text.set(_SPACE, "preserve")


def ask_recalculation(package: Package) -> None:
    """Let the program that opens it compute everything: cells outside of the layout may depend on what changed."""
    root = package.tree(package.contents.part)
    settings = root.find(q("calcPr"))
    if settings is None:
        settings = etree.Element(q("calcPr"))
        [element for element in root if element.tag in _AFTER][-1].addnext(settings)
    settings.set("fullCalcOnLoad", "1")
