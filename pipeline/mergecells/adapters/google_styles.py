"""How each kind of cell looks in a Google Sheet: the table of the .xlsx writer in Google's words."""

from __future__ import annotations

from functools import cache
from typing import Any

from mergecells.adapters.xlsx_styles import BAR, GREEN, MARK, RED, STYLES, style_properties
from mergecells.domain.workbook_layout import Style

Json = dict[str, Any]
_VERTICAL = {"top": "TOP", "vcenter": "MIDDLE"}
INKS = {"red": "#9C1C13", "green": "#1B6B2F"}
FILLS = {"red": RED, "green": GREEN, "bar": BAR, "mark": MARK}


def colour(text: str) -> Json:
    """`#1F4E79` → ColorStyle; each part lies between 0 and 1."""
    parts = (int(text[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return {"rgbColor": {name: round(part, 6) for name, part in zip(("red", "green", "blue"), parts, strict=True)}}


@cache
def cell_format(style: Style) -> Json:
    """The CellFormat of a style. Read only: it is shared."""
    about = style_properties(style, locked=False)
    text = {
        "fontFamily": about["font_name"],
        "fontSize": about["font_size"],
        "foregroundColorStyle": colour(about["font_color"]),
        **({"bold": True} if about.get("bold") else {}),
    }
    made: Json = {"textFormat": text}
    if "num_format" in about:
        made["numberFormat"] = number_format(about["num_format"])
    if "bg_color" in about:
        made["backgroundColorStyle"] = colour(about["bg_color"])
    if "align" in about:
        made["horizontalAlignment"] = about["align"].upper()
    if "valign" in about:
        made["verticalAlignment"] = _VERTICAL[about["valign"]]
    if about.get("text_wrap"):
        made["wrapStrategy"] = "WRAP"
    if about.get("border"):
        line = {"style": "SOLID", "colorStyle": colour(about["border_color"])}
        made["borders"] = dict.fromkeys(("top", "bottom", "left", "right"), line)
    return made


def number_format(code: str) -> Json:
    """`0.0##%` → `{"type": "PERCENT", "pattern": "0.0##%"}`."""
    if code == "@":
        return {"type": "TEXT"}
    kind = "DATE" if "yy" in code else "PERCENT" if code.endswith("%") else "NUMBER"
    return {"type": kind, "pattern": code}


ALL_STYLES = tuple(STYLES)
