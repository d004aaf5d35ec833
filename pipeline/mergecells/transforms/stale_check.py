"""The value that the workbook showed for a formula against ours: was the sheet what its editor believed it was?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mergecells.domain.findings import Finding
from mergecells.domain.locations import DocumentPath
from mergecells.domain.tables import Row, Tables
from mergecells.formula import ErrorValue, Value, functions_used
from mergecells.transforms.formula_engines import same_result
from mergecells.transforms.formula_results import Result, shown
from mergecells.transforms.formula_sites import FormulaSites, Site, lower_names

FORMULA = "formula"
_TABS = {"factor": "Factors", "component": "Components", "intermediate": "Formulas"}


def check_shown_values(
    sites: FormulaSites, results: Sequence[Result], tables: Tables, dated: bool
) -> Iterator[Finding]:
    """`formula.stale-value` for each formula of the workbook that showed another value; one warning for each tab whose
    formulas were never computed.

    Unless the manifest states an evaluation date (`dated`), the workbook takes the day it was computed on, so that
    formulas that ask for the date cannot be compared.
    """
    never_computed: dict[str, list[Result]] = {}
    of_the_day = set() if dated else _sites_of_the_day(sites)
    for result in results:
        row_of = _row(sites, result.site, tables) if result.scenario.example is None else None
        if row_of is None:
            continue
        tab, row = row_of
        if row.cells.get(FORMULA) != result.site.text or result.site.path in of_the_day:
            continue
        before = row.shown.get(FORMULA)
        if before is None:
            never_computed.setdefault(tab, []).append(result)
        elif not _same_shown(_as_value(before), result.value):
            yield _stale(sites, result, before)
    for tab, group in never_computed.items():
        yield _unknown(sites, tab, group)


def _row(sites: FormulaSites, site: Site, tables: Tables) -> tuple[str, Row] | None:
    """The tab and row whose formula this is: in a vertical's view only what the vertical's own tab states."""
    if sites.view.vertical is None:
        tab, key = _TABS[site.kind], site.key
    elif sites.view.stated_by_vertical(site.path) and site.kind != "intermediate":
        tab, key = sites.view.vertical, (site.key[0], site.key[1] if site.kind == "factor" else "")
    else:
        return None
    row = tables[tab].rows.get(key) if tab in tables else None
    return (tab, row) if row else None


def _sites_of_the_day(sites: FormulaSites) -> set[DocumentPath]:
    """The formulas whose result depends on TODAY, their own or that of a value they use. One pass: `sites.sites` is in
    an order in which they can be computed."""
    found: set[DocumentPath] = set()
    names: set[str] = set()
    components: set[str] = set()
    for site in sites.sites:
        calls = {name.upper() for name, _, _ in functions_used(site.formula)} if site.formula else set()
        inherits = site.kind == "component" and site.key[0] in components
        if "TODAY" not in calls and names.isdisjoint(lower_names(site)) and not inherits:
            continue
        found.add(site.path)
        if site.kind == "intermediate":
            names.add(site.key[0].lower())
        elif site.kind == "factor":
            components.add(site.key[0])
    return found


def _same_shown(before: Value, now: Value) -> bool:
    """As between engines, but a text may have lost its outer blanks: LibreOffice trims the results that it saves."""
    if isinstance(before, str) and isinstance(now, str):
        return before.strip() == now.strip()
    return same_result(before, now)


def _as_value(before: float | str | bool) -> Value:
    errors = ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A")
    for code in errors:
        if before == code:
            return ErrorValue(code)  # type: ignore[arg-type]
    return float(before) if isinstance(before, int) and not isinstance(before, bool) else before


def _stale(sites: FormulaSites, result: Result, before: float | str | bool) -> Finding:
    return sites.view.finding(
        "formula.stale-value",
        f"The workbook showed {shown(_as_value(before))} for the formula of {result.site.label}, which gives "
        f"{shown(result.value)} for the sample lead.",
        "Recalculate the workbook and save it; if it stays, report the formula.",
        result.site.path,
    )


def _unknown(sites: FormulaSites, tab: str, group: Sequence[Result]) -> Finding:
    return sites.view.finding(
        "formula.stale-value",
        f"The workbook holds no computed value for {len(group)} formula{'s' if len(group) > 1 else ''} of {tab}.",
        "Open it in a spreadsheet program, save it, and check again.",
        group[0].site.path,
        severity="warning",
    )
