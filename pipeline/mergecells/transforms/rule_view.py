"""One rule set to check, the base or a vertical's merged result, and which file states each of its parts."""

from __future__ import annotations

from dataclasses import dataclass, field

from mergecells.domain.configset import RULES_FILE, ConfigSet, vertical_file
from mergecells.domain.findings import Finding, Severity
from mergecells.domain.locations import DocumentPath
from mergecells.domain.scoring import Dialect, Rules
from mergecells.transforms.locate import Locator
from mergecells.transforms.verticals import resolve_vertical


@dataclass(frozen=True, slots=True)
class RuleView:
    """`vertical` is None for the base rules. Findings of a merged rule set say so and point to who states the part."""

    rules: Rules
    locator: Locator
    vertical: str | None = None
    incomplete: frozenset[DocumentPath] = field(default_factory=frozenset)
    """Mappings that lost a broken entry: what needs all of their entries cannot be judged."""
    dialect: Dialect = "excel"

    def at(self, path: DocumentPath) -> tuple[str, DocumentPath]:
        """The file that states `path`: the vertical's where it overrides, else the base rules."""
        if self.vertical and self.locator.has(vertical_file(self.vertical), path):
            return vertical_file(self.vertical), path
        return RULES_FILE, path

    def stated_by_vertical(self, path: DocumentPath) -> bool:
        return self.at(path)[0] != RULES_FILE

    def finding(
        self,
        code: str,
        message: str,
        hint: str,
        path: DocumentPath,
        *,
        key: bool = False,
        severity: Severity = "error",
        block: tuple[DocumentPath, ...] = (),
        offset: int | None = None,
    ) -> Finding:
        """A finding at `path`; `block` names several values whose cells are shown as one block.

        `offset` is a character inside the text at `path`, from 0.
        """
        at = self.at(path)
        text = f"In vertical {self.vertical}: {message}" if self.vertical else message
        cell = self.locator.block(at[0], block) if block else None
        return self.locator.finding(code, text, hint, at, key=key, severity=severity, cell=cell, offset=offset)


def base_view(config: ConfigSet, locator: Locator, incomplete: frozenset[DocumentPath] = frozenset()) -> RuleView:
    return RuleView(config.rules.rules, locator, None, incomplete, config.rules.dialect)


def merged_views(config: ConfigSet, locator: Locator, names: list[str]) -> list[RuleView]:
    """The merged rules of each vertical of `names`, whose overrides must fit the base rules."""
    verticals = config.rules.verticals
    base, dialect = config.rules.rules, config.rules.dialect
    return [RuleView(resolve_vertical(base, verticals[name]), locator, name, dialect=dialect) for name in names]
