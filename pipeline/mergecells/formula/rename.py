"""Renaming in a formula's text without touching anything else."""

from __future__ import annotations

from collections.abc import Mapping

from mergecells.formula.analysis import names_used
from mergecells.formula.parser import parse, unwrap_google


def rename_names(text: str, mapping: Mapping[str, str]) -> str:
    """The text with names replaced at their positions; keys match without case. Raises FormulaSyntaxError.

    A formula that Google Sheets wrapped on export is unwrapped first.
    """
    text = unwrap_google(text)
    new_names = {old.lower(): new for old, new in mapping.items()}
    for use in reversed(names_used(parse(text))):
        new = new_names.get(use.name.lower())
        if new is not None:
            text = text[: use.start] + new + text[use.end :]
    return text
