"""How each kind of cell looks: one table, for the writer of new workbooks and for what is added to existing ones."""

from __future__ import annotations

from typing import Any

from mergecells.domain.workbook_layout import Style

FONT, SIZE = "Calibri", 11
INK, MUTED, RULE = "#1F2933", "#66727F", "#D5DBE1"
RED, GREEN, BAR, MARK = "#F8C9C4", "#CDEBD3", "#9CC5E8", "#FFE08A"

_GREY = {"bg_color": "#F3F5F7", "font_color": "#3E4C59"}
_CELL = {"border": 1, "border_color": RULE, "valign": "top"}

STYLES: dict[Style, dict[str, Any]] = {
    "header": {
        "bold": True,
        "align": "left",
        "indent": 1,
        "font_color": "#FFFFFF",
        "bg_color": "#1F4E79",
        **_CELL,
        "valign": "vcenter",
    },
    "computed-header": {
        "bold": True,
        "align": "left",
        "indent": 1,
        "font_color": "#FFFFFF",
        "bg_color": "#66727F",
        **_CELL,
        "valign": "vcenter",
    },
    "key": {"bold": True, "num_format": "@", "align": "left", "indent": 1, "bg_color": "#EAF1F8", **_CELL},
    "text": {"num_format": "@", "text_wrap": True, "align": "left", "indent": 1, **_CELL},
    "number": {**_CELL},
    # No number format: with one that says TRUE and FALSE, LibreOffice saves truth values as the numbers 1 and 0.
    "boolean": {**_CELL, "align": "right"},
    "percent": {"num_format": "0.0##%", **_CELL},
    "date": {"num_format": "yyyy-mm-dd", "align": "left", "indent": 1, **_CELL},
    "formula": {
        "font_name": "Consolas",
        "font_size": 10,
        "num_format": "0.00##",
        "align": "left",
        "indent": 1,
        **_CELL,
    },
    "computed": {**_GREY, **_CELL, "align": "left", "indent": 1},
    # Texts of a file that are shown and not edited.
    "facts": {"num_format": "@", "text_wrap": True, **_GREY, **_CELL, "align": "left", "indent": 1},
    "share": {"num_format": "0.00##", **_GREY, **_CELL},
    "points": {"num_format": "0.00", **_GREY, **_CELL},
    "rate": {"num_format": "0.0##%", **_GREY, **_CELL},
    "label": {"font_color": MUTED, "valign": "vcenter", "align": "left", "indent": 1},
    "title": {"bold": True, "font_size": 18, "font_color": "#1F4E79"},
    "big": {"bold": True, "font_size": 14, "num_format": "0.00", "align": "right", **_GREY, **_CELL},
    "hidden": {"font_color": MUTED, "num_format": "@"},
}


def style_properties(style: Style, locked: bool, quoted: bool = False) -> dict[str, Any]:
    """The properties of one cell format; `quoted` marks a text that looks like a formula."""
    base = {"font_name": FONT, "font_size": SIZE, "font_color": INK}
    return {**base, **STYLES[style], "locked": locked, "quote_prefix": quoted}
