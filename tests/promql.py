"""What a PromQL query asks for: its selectors, found in the text. Enough for queries that people write by hand."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SELECTOR = re.compile(
    r"\b(?P<name>(?:mergecells[_:]|process_|prometheus_|up\b|ALERTS\b)[a-z0-9_:]*)(?P<braces>\s*\{[^}]*\})?"
)
_MATCHER = re.compile(r'(?P<label>[a-z_]+)\s*(?P<operator>=~|!~|!=|=)\s*"(?P<value>[^"]*)"')


@dataclass(frozen=True, slots=True)
class Selector:
    """`mergecells_scores_total{tier="A"}`: a name, and matchers as (label, operator, value)."""

    name: str
    matchers: tuple[tuple[str, str, str], ...]

    def __str__(self) -> str:
        inside = ", ".join(f'{label}{operator}"{value}"' for label, operator, value in self.matchers)
        return f"{self.name}{{{inside}}}"

    def wanted(self) -> list[tuple[str, str]]:
        """Each label value that the selector hopes to find: alternatives of `a|b` one by one."""
        named = [(label, value) for label, operator, value in self.matchers if operator in {"=", "=~"}]
        return [(label, part) for label, value in named for part in value.split("|")]


def selectors(expression: str) -> list[Selector]:
    """In the order of the text."""
    return [
        Selector(found["name"], tuple(_MATCHER.findall(found["braces"] or "")))
        for found in _SELECTOR.finditer(expression)
    ]
