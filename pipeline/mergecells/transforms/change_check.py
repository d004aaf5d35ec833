"""A change that deletes much or blanks many fields needs an explicit yes: outages came from spread blanks."""

from __future__ import annotations

from collections.abc import Iterator

from mergecells.domain.findings import Finding
from mergecells.domain.locations import CellRef
from mergecells.domain.manifest import Checks
from mergecells.domain.tables import Row, RowKey, Table, Tables

CODE = "change.too-large"
_HINT = "If it is meant, say so with --allow-large."


def check_change(base: Tables, head: Tables, limits: Checks, allow_large: bool = False) -> list[Finding]:
    """Findings for each tab that lost more than the allowed share of its rows (one row is never too many, unless it
    was the last), and for too many blanked cells.

    A tab that is gone has lost all of its rows. A renamed row is not a deleted one.
    """
    if allow_large:
        return []
    findings = [finding for tab, table in base.items() for finding in _deleted(tab, table, head.get(tab), limits)]
    return findings + list(_blanked(base, head, limits))


def _deleted(tab: str, base: Table, head: Table | None, limits: Checks) -> Iterator[Finding]:
    kept = set(head.rows) | {row.former_key for row in head.rows.values() if row.former_key} if head else set()
    gone = [key for key in base.rows if key not in kept]
    # One row of three is more than a fifth, and still only one row.
    if len(gone) <= max(1, limits.max_deleted_share * len(base.rows)) and len(gone) < len(base.rows):
        return
    if not gone:
        return
    shown = ", ".join(" / ".join(key) for key in gone[:3]) + (", …" if len(gone) > 3 else "")
    limit = f"{limits.max_deleted_share:.0%}"
    message = f"{len(gone)} of {len(base.rows)} rows of {tab} are deleted ({shown}); more than {limit} needs a yes."
    yield Finding(code=CODE, message=message, hint=_HINT, file=base.spec.place, cell=str(CellRef(tab, 1, 1)))


def _blanked(base: Tables, head: Tables, limits: Checks) -> Iterator[Finding]:
    blanked = [
        (table, key, title, now.refs.get(title))
        for tab, table in base.items()
        for key, now in _kept_rows(head.get(tab))
        if key in table.rows
        for title, value in table.rows[key].cells.items()
        if _is_blank(now.cells.get(title)) and not _is_blank(value)
    ]
    if len(blanked) <= limits.max_blanked_cells:
        return
    table, key, title, ref = blanked[0]
    message = (
        f"{len(blanked)} cells are blanked, the first is {title} of {' / '.join(key)} in {table.spec.tab}; "
        f"more than {limits.max_blanked_cells} needs a yes."
    )
    yield Finding(code=CODE, message=message, hint=_HINT, file=table.spec.file_of(key), cell=str(ref) if ref else None)


def _kept_rows(head: Table | None) -> Iterator[tuple[RowKey, Row]]:
    """The rows of the head under the keys that they had in the base."""
    for key, row in head.rows.items() if head else ():
        yield row.former_key or key, row


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
