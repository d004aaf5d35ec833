"""The table of functions, as rows for programs and as text for people."""

from __future__ import annotations

from typing import Any

from mergecells.formula import FUNCTIONS
from mergecells.transforms.xlcalculator_support import function_support


def function_rows() -> list[dict[str, Any]]:
    """One row per function, by name: syntax, family, argument counts, what it does, dialects, engines.

    `xlcalculator` says why that engine's answer does not count; it is empty where it does.
    """
    return [
        {
            "name": spec.name,
            "syntax": spec.syntax,
            "family": spec.family,
            "least_arguments": spec.least,
            "most_arguments": spec.most,
            "summary": spec.summary,
            "dialects": ["excel", "sheets"],
            "engines": ["compiled", "reference", *(() if function_support(spec.name) else ("xlcalculator",))],
            "xlcalculator": function_support(spec.name),
        }
        for spec in sorted(FUNCTIONS.values(), key=lambda spec: spec.name)
    ]


def render_table(rows: list[dict[str, Any]]) -> str:
    """Columns padded with blanks, one function a line, and a count."""
    cells = [(row["syntax"], row["family"], ", ".join(row["engines"]), row["summary"]) for row in rows]
    cells.insert(0, ("FUNCTION", "FAMILY", "ENGINES", "WHAT IT GIVES"))
    widths = [max(len(line[column]) for line in cells) for column in range(3)]
    lines = [
        "  ".join([*(text.ljust(width) for text, width in zip(line, widths, strict=False)), line[3]]) for line in cells
    ]
    return "\n".join([*lines, f"{len(rows)} functions"])
