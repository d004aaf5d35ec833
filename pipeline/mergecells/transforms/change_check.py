"""A change that deletes much or blanks many fields needs an explicit yes: outages came from spread blanks."""

from __future__ import annotations

from collections.abc import Iterator

from mergecells.domain.findings import Finding
from mergecells.domain.locations import CellRef
from mergecells.domain.manifest import Checks
from mergecells.domain.tables import Table, Tables

CODE = "change.too-large"
_HINT = "If it is meant, say so with --allow-large."


def check_change(base: Tables, head: Tables, limits: Checks, allow_large: bool = False) -> list[Finding]:
    """Findings for each tab that lost more than the allowed share of its rows, and for too many blanked cells.

    A tab that is gone has lost all of its rows. A renamed row is not a deleted one.
    """
    if allow_large:
        return []
    findings = [finding for tab, table in base.items() for finding in _deleted(tab, table, head.get(tab), limits)]
    return findings + list(_blanked(base, head, limits))


def _deleted(tab: str, base: Table, head: Table | None, limits: Checks) -> Iterator[Finding]:
    kept = set(head.rows) | {row.former_key for row in head.rows.values() if row.former_key} if head else set()
    gone = [key for key in base.rows if key not in kept]
    if not gone or len(gone) <= limits.max_deleted_share * len(base.rows):
        return
    shown = ", ".join(" / ".join(key) for key in gone[:3]) + (", …" if len(gone) > 3 else "")
    limit = f"{limits.max_deleted_share:.0%}"
    message = f"{len(gone)} of {len(base.rows)} rows of {tab} are deleted ({shown}); more than {limit} needs a yes."
    yield Finding(code=CODE, message=message, hint=_HINT, file=base.spec.file, cell=str(CellRef(tab, 1, 1)))


def _blanked(base: Tables, head: Tables, limits: Checks) -> Iterator[Finding]:
    blanked = [
        (table, key, title, head[tab].rows[key].refs.get(title))
        for tab, table in base.items()
        for key, row in table.rows.items()
        if tab in head and key in head[tab].rows
        for title, value in row.cells.items()
        if _is_blank(head[tab].rows[key].cells.get(title)) and not _is_blank(value)
    ]
    if len(blanked) <= limits.max_blanked_cells:
        return
    table, key, title, ref = blanked[0]
    message = (
        f"{len(blanked)} cells are blanked, the first is {title} of {' / '.join(key)} in {table.spec.tab}; "
        f"more than {limits.max_blanked_cells} needs a yes."
    )
    yield Finding(code=CODE, message=message, hint=_HINT, file=table.spec.file, cell=str(ref) if ref else None)


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
