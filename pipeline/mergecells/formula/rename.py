"""Renaming in a formula's text without touching anything else."""

from __future__ import annotations

from collections.abc import Mapping

from mergecells.formula.analysis import local_names, names_used
from mergecells.formula.errors import FormulaSyntaxError
from mergecells.formula.parser import parse, unwrap_google


def rename_names(text: str, mapping: Mapping[str, str]) -> str:
    """The text with names replaced at their positions; keys match without case. Raises FormulaSyntaxError.

    A formula that Google Sheets wrapped on export is unwrapped first. Names that LET and LAMBDA define stay; a new name
    that one of them has already is refused, as the formula would mean something else.
    """
    text = unwrap_google(text)
    new_names = {old.lower(): new for old, new in mapping.items()}
    formula = parse(text)
    taken = {use.name.lower() for use in local_names(formula)}
    for use in reversed(names_used(formula)):
        new = new_names.get(use.name.lower())
        if new is not None and new.lower() in taken:
            raise FormulaSyntaxError(f"{new} is a name inside this formula", use.start, "Choose another name.")
        if new is not None:
            text = text[: use.start] + new + text[use.end :]
    return text
