"""Formulas that became constants: a number typed over a formula, which a spreadsheet takes without a word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mergecells.domain.findings import Finding
from mergecells.domain.tables import Row, Table, Tables, TableValue
from mergecells.formula import FormulaSyntaxError, names_used, parse
from mergecells.transforms.locate import Locator, row_document_path

CODE = "formula.overwritten"
_SHOWN = 80


def check_overwritten(base: Tables, head: Tables, locator: Locator) -> Iterator[Finding]:
    """For each formula of the base that looked at the lead and is a constant now, such as `=0.7`."""
    for table, row, title, before in _formulas(base, head):
        now = row.cells.get(title)
        if not isinstance(now, str) or now == before or not _is_constant(now):
            continue
        path = row_document_path(table.spec, row.key)
        column = next(each.path for each in table.spec.columns if each.title == title)
        ref = row.refs.get(title)
        yield locator.finding(
            CODE,
            f"{_label(row, title)} is the constant {now} now and was {_shortened(before)}.",
            "If it is not meant, put the formula back; the constant is the same for every lead.",
            (table.spec.file, path + column),
            severity="warning",
            cell=str(ref) if ref else None,
        )


def explain_constants(findings: Iterable[Finding], base: Tables, ours: Tables) -> list[Finding]:
    """Findings of a workbook's cells: where a value stands in the cell of a formula, say which formula it replaced."""
    replaced = {str(row.refs[title]): before for _, row, title, before in _formulas(base, ours) if title in row.refs}
    return [_explained(finding, replaced) for finding in findings]


def _explained(finding: Finding, replaced: Mapping[str, str]) -> Finding:
    before = replaced.get(finding.cell or "")
    if finding.code != "workbook.type" or finding.severity != "error" or before is None:
        return finding
    if "where a formula belongs" not in finding.message:
        return finding
    message = f"{finding.message.rstrip('.')}; it replaced {_shortened(before)}."
    hint = f"Undo it, or type the formula again. {finding.hint}"
    return finding.model_copy(update={"code": CODE, "message": message, "hint": hint})


def _formulas(base: Tables, head: Tables) -> Iterator[tuple[Table, Row, str, str]]:
    """Every formula of the base that looks at something, with the row and column that hold it now."""
    for tab, table in head.items():
        before = base.get(tab)
        titles = [column.title for column in table.spec.columns if column.kind == "formula"]
        if before is None or not titles:
            continue
        for row in table.rows.values():
            old = before.rows.get(row.former_key or row.key)
            for title in titles:
                text = old.cells.get(title) if old else None
                if isinstance(text, str) and text != row.cells.get(title) and not _is_constant(text):
                    yield table, row, title, text


def _is_constant(text: TableValue) -> bool:
    """A formula that parses and names nothing."""
    try:
        return not names_used(parse(str(text)))
    except FormulaSyntaxError:
        return False


def _label(row: Row, title: str) -> str:
    return f"The {title} of {' / '.join(part for part in row.key if part)}"


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


__all__ = ["CODE", "check_overwritten", "explain_constants"]
