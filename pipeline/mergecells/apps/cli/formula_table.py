"""The table of functions, as rows for programs and as text for people."""

from __future__ import annotations

from typing import Any

from mergecells.formula import FUNCTIONS
from mergecells.formula.dialects import dialects_of
from mergecells.formula.registry import GOOGLE
from mergecells.transforms.engine_defects import defects_by_function
from mergecells.transforms.engine_functions import has_function
from mergecells.transforms.formula_engines import ENGINES


def function_rows() -> list[dict[str, Any]]:
    """One row per function, by name: syntax, family, argument counts, what it does, dialects, engines.

    `google` is the call in Google Sheets where the function means something else there, else empty.
    An engine stands there when it computes plain calls of the function; `defects` are what it is known to get wrong.
    """
    return [
        {
            "name": spec.name,
            "syntax": spec.syntax,
            "family": spec.family,
            "least_arguments": spec.least,
            "most_arguments": spec.most,
            "summary": spec.summary,
            "dialects": list(dialects_of(spec.name)),
            "google": GOOGLE[name].syntax if (name := f"{spec.name}.google") in GOOGLE else "",
            "engines": ["compiled", "reference", *(engine for engine in ENGINES if has_function(engine, spec.name))],
            "defects": defects_by_function().get(spec.name, []),
        }
        for spec in sorted(FUNCTIONS.values(), key=lambda spec: spec.name)
    ]


def shown_dialects(row: dict[str, Any]) -> str:
    """`excel, google`; a star where the function means something else in Google Sheets."""
    return ", ".join(row["dialects"]) + (" *" if row["google"] else "")


def render_table(rows: list[dict[str, Any]]) -> str:
    """Columns padded with blanks, one function a line, and a count."""
    cells = [
        (row["syntax"], row["family"], shown_dialects(row), ", ".join(row["engines"]), row["summary"]) for row in rows
    ]
    cells.insert(0, ("FUNCTION", "FAMILY", "DIALECTS", "ENGINES", "WHAT IT GIVES"))
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    lines = [
        "  ".join([*(text.ljust(width) for text, width in zip(line, widths, strict=False)), line[4]]) for line in cells
    ]
    return "\n".join([*lines, f"{len(rows)} functions; * has another meaning in Google Sheets, see docs/functions.md"])
