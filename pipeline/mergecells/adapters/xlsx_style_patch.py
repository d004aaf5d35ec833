"""Cell formats that an existing workbook lacks: made from the ones it has, so that its look stays."""

from __future__ import annotations

import copy

from lxml import etree

from mergecells.adapters.xlsx_package import Package, q
from mergecells.adapters.xlsx_parts import shows_date

_DATE_FORMAT = "14"
_BUILTIN_DATES = frozenset(str(number) for number in (*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))


class StylePatch:
    """Derives formats by index; each one is made once."""

    def __init__(self, package: Package) -> None:
        part = package.find(package.contents.part, "styles")
        self._root = package.tree(part) if part else None
        self._made: dict[tuple[str, str], str] = {}

    def dated(self, index: str) -> str | None:
        """The format `index` as a date; None when the workbook has no formats at all."""
        xf = self._xf(index)
        if xf is None:
            return None
        number = xf.get("numFmtId", "0")
        if number in _BUILTIN_DATES or shows_date(self._codes().get(number, "General")):
            return index
        return self._derive(index, "numFmtId", _DATE_FORMAT)

    def quoted(self, index: str, on: bool) -> str:
        """The format `index` with the quote prefix, or without."""
        xf = self._xf(index)
        if xf is None or (xf.get("quotePrefix") in ("1", "true")) == on:
            return index
        return self._derive(index, "quotePrefix", "1" if on else "0")

    def fill_format(self, colour: str) -> str:
        """A conditional format with this fill (`FFE08A`). Returns its index."""
        assert self._root is not None
        listed = self._root.find(q("dxfs"))
        if listed is None:
            listed = etree.Element(q("dxfs"))
            following = next((e for e in self._root if e.tag in (q("tableStyles"), q("colors"), q("extLst"))), None)
            if following is None:
                self._root.append(listed)
            else:
                following.addprevious(listed)
        for number, dxf in enumerate(listed):
            if any(e.get("rgb") == f"FF{colour}" for e in dxf.iter(q("bgColor"))) and len(dxf) == 1:
                return str(number)
        fill = etree.SubElement(etree.SubElement(listed, q("dxf")), q("fill"))
        pattern = etree.SubElement(fill, q("patternFill"), patternType="solid")
        etree.SubElement(pattern, q("fgColor"), rgb=f"FF{colour}")
        etree.SubElement(pattern, q("bgColor"), rgb=f"FF{colour}")
        listed.set("count", str(len(listed)))
        return str(len(listed) - 1)

    def _codes(self) -> dict[str, str]:
        assert self._root is not None
        return {e.get("numFmtId", ""): e.get("formatCode", "") for e in self._root.iter(q("numFmt"))}

    def _xf(self, index: str) -> etree._Element | None:
        formats = self._root.find(q("cellXfs")) if self._root is not None else None
        if formats is None or not index.isdigit() or int(index) >= len(formats):
            return None
        return formats[int(index)]

    def _derive(self, index: str, attribute: str, value: str) -> str:
        key = (index, attribute)
        if key not in self._made:
            assert self._root is not None
            formats = self._root.find(q("cellXfs"))
            assert formats is not None
            xf = copy.deepcopy(formats[int(index)])
            xf.set(attribute, value)
            if attribute == "numFmtId":
                xf.set("applyNumberFormat", "1")
            formats.append(xf)
            formats.set("count", str(len(formats)))
            self._made[key] = str(len(formats) - 1)
        return self._made[key]
