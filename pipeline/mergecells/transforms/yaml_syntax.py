"""The parser's complaints in words that say what to do next."""

from __future__ import annotations

import yaml

from mergecells.domain.findings import Finding

# What libyaml says → what usually causes it.
_HINTS = (
    ("cannot start any token", "Indent with spaces, not tabs, and put quotes around a text that starts with @ or `."),
    (
        "mapping values are not allowed",
        "Put quotes around a text that holds a colon and a space; check the indentation.",
    ),
    ("did not find expected key", "Check the indentation of this line against the lines above, and the quotes."),
    ("could not find expected ':'", "A key needs a colon and a space after it."),
    ("did not find expected ',' or", "Close the bracket, or put a comma between the items."),
    ("unexpected end of stream", "A quote or bracket is opened and never closed."),
    ("block sequence entries are not allowed", "Begin the list on its own line, one '- ' per line."),
    ("found unknown escape character", "Write \\\\ for a backslash in double quotes, or use single quotes."),
)


def syntax_finding(file: str, text: str, error: yaml.MarkedYAMLError) -> Finding:
    """`yaml.syntax` at the place of the problem; a second document is `yaml.multiple-documents`."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
    problem = str(error.problem or "not YAML")
    if "found another document" in problem or "single document" in str(error.context):
        message, hint = "A second document starts here (---).", "Keep one document per file."
        return Finding(code="yaml.multiple-documents", message=message, hint=hint, file=file, line=line, column=column)
    hint = next((hint for sign, hint in _HINTS if sign in problem), "")
    if mark and mark.line >= text.count("\n") and not hint:
        hint = "Look for a quote or bracket that is opened and never closed."
    return Finding(
        code="yaml.syntax",
        message=f"{problem[:1].upper()}{problem[1:]}.",
        hint=hint,
        file=file,
        line=line,
        column=column,
    )
