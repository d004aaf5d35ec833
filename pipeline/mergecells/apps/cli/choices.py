"""What options may be chosen from, apart from the code that acts on it: every start lists them, and must be quick."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """The kinds of `--kind`."""

    RULES = "rules"
    FIELDS = "fields"
    EXAMPLES = "examples"
    VERTICAL = "vertical"
    TABLE = "table"
    MANIFEST = "manifest"
    WORKBOOK = "workbook"
    PROMPT = "prompt"
    ROUTING = "routing"
    BUDGETS = "budgets"
    PRICES = "prices"
    QUALITY = "quality"


class FindingsOutput(StrEnum):
    """The output formats of `check`."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"


class DialectChoice(StrEnum):
    """Whose meaning of a function holds; see `domain.scoring.Dialect`."""

    EXCEL = "excel"
    GOOGLE = "google"


class Engine(StrEnum):
    """Our own engines; `all` runs both and says when they disagree."""

    COMPILED = "compiled"
    REFERENCE = "reference"
    ALL = "all"
