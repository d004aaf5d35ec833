"""Exact lookups that miss values which leads have: a spelling without a row in the table falls through in silence.

Looked at are the sample lead, the golden examples, and the leads that the manifest names. A blank is no miss. `COUNTIF`
asks whether a value is in a list, so that not to be in it is an answer; it is left alone.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from mergecells.domain.configset import RULES_FILE, ConfigSet, table_file
from mergecells.domain.findings import Finding
from mergecells.domain.manifest import MANIFEST_NAME
from mergecells.domain.scoring import Fields
from mergecells.formula import Array, ErrorValue, Value, evaluate, unsupported
from mergecells.formula.functions.lookup import first_equal, first_equal_in
from mergecells.formula.functions.lookup_modes import place_in
from mergecells.formula.nodes import Boolean, Call, Formula, Name, Node, Number, Omitted, walk
from mergecells.formula.values import Fault, Scalar, fold
from mergecells.transforms.formula_results import evaluation_date, scenarios, shown
from mergecells.transforms.formula_sites import FormulaSites, Site, lower_names
from mergecells.transforms.lookup_tables import column_name, table_values
from mergecells.transforms.plan_words import counted
from mergecells.transforms.score_values import LeadReader, as_list

MAX_LEADS = 100_000
"""Leads of the file that are looked at."""
_MOST_VALUES = 10_000
"""Different values of a field that are looked up; the most frequent ones."""
_SHOWN = 5
_MODE = {"VLOOKUP": 3, "HLOOKUP": 3, "MATCH": 2, "XLOOKUP": 4, "XMATCH": 2}
"""Where each function states how it matches."""
_EXACT_UNLESS_STATED = ("XLOOKUP", "XMATCH")
_OTHERWISE = 3
"""XLOOKUP's own value for a miss."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """One exact lookup: `call` in the formula of `site`, over the list or table of the name `target`.

    `fields` are the lead's fields (lower case) that the wanted value depends on; `caught`: the formula has a value of
    its own for a miss.
    """

    site: Site
    call: Call
    target: str
    fields: tuple[str, ...]
    caught: bool


@dataclass(frozen=True, slots=True)
class LeadValues:
    """What the leads of a file hold: for each combination of fields asked for, how often each of its values occurs."""

    counts: Mapping[tuple[str, ...], Counter[tuple[Any, ...]]]
    leads: int = 0


def exact_lookups(config: ConfigSet, sites: FormulaSites) -> list[Lookup]:
    """Every exact lookup in a list or table by a value that depends on the lead's fields."""
    targets = {*(name.lower() for name in sites.view.rules.lists), *table_values(config.rules.tables)}
    known = {name.lower() for name in config.rules.fields.fields} if config.rules.fields else set()
    circular = {name.lower() for cycle in sites.cycles for name in cycle}
    sources: dict[str, frozenset[str]] = {name: frozenset((name,)) for name in known}
    found: list[Lookup] = []
    for site in sites.sites:
        if site.formula is None or unsupported(site.formula) or (site.key[0].lower() in circular):
            continue
        found += _lookups_of(site, site.formula, targets, sources)
        if site.kind == "intermediate":
            used = (sources.get(name, frozenset()) for name in lower_names(site))
            sources[site.key[0].lower()] = frozenset().union(*used)
    return found


def _lookups_of(
    site: Site, formula: Formula, targets: set[str], sources: Mapping[str, frozenset[str]]
) -> Iterator[Lookup]:
    if not any(word in site.text.upper() for word in ("LOOKUP", "MATCH")):
        return
    caught = {
        id(inner)
        for node in walk(formula.root)
        if type(node) is Call and node.name in ("IFERROR", "IFNA", "ISERROR", "ISNA", "ISNUMBER")
        for inner in walk(node.arguments[0])
    }
    for node in walk(formula.root):
        if type(node) is not Call or not _is_exact(node) or type(node.arguments[1]) is not Name:
            continue
        target = node.arguments[1].key
        names = {inner.key for inner in walk(node.arguments[0]) if type(inner) is Name}
        fields = sorted(frozenset().union(*(sources.get(name, frozenset()) for name in names)))
        if target in targets and fields and names <= sources.keys() | targets:
            own = node.name == "XLOOKUP" and len(node.arguments) > _OTHERWISE
            own = own and type(node.arguments[_OTHERWISE]) is not Omitted
            yield Lookup(site, node, target, tuple(fields), own or id(node) in caught)


def _is_exact(call: Call) -> bool:
    at = _MODE.get(call.name)
    if at is None or len(call.arguments) < 2:
        return False
    if len(call.arguments) <= at:
        return call.name in _EXACT_UNLESS_STATED
    mode = call.arguments[at]
    return type(mode) is Omitted or (type(mode) in (Boolean, Number) and not mode.value)  # type: ignore[union-attr]


def count_values(lookups: Sequence[Lookup], leads: Iterable[Mapping[str, Any]]) -> LeadValues:
    """One pass over the leads, as many as are looked at."""
    counts: dict[tuple[str, ...], Counter[tuple[Any, ...]]] = {lookup.fields: Counter() for lookup in lookups}
    seen = 0
    for lead in islice(leads, MAX_LEADS):
        seen += 1
        lower = {name.lower(): value for name, value in lead.items()}
        for fields, counter in counts.items():
            counter[tuple(lower.get(name) for name in fields)] += 1
    return LeadValues(counts, seen)


def check_lookup_misses(config: ConfigSet, sites: FormulaSites, file_leads: LeadValues | None) -> Iterator[Finding]:
    """`formula.lookup-miss`: a warning for each lookup that misses values, with the values and in how many leads."""
    lookups = exact_lookups(config, sites)
    if not lookups:
        return
    given = scenarios(config, sites.view.vertical)
    known = count_values(lookups, (scenario.lead for scenario in given))
    finder = _Finder(config, sites, given[0].date if given else evaluation_date(None))
    for lookup in lookups:
        counts = Counter(known.counts[lookup.fields])
        if file_leads is not None:
            counts.update(file_leads.counts.get(lookup.fields, {}))
        missed = finder.missed(lookup, counts)
        if missed:
            total = known.leads + (file_leads.leads if file_leads else 0)
            yield _finding(config, sites, lookup, missed, total)


def unread_leads(reason: str) -> Finding:
    """The leads of the manifest could not be read: that nothing is missing there was not seen."""
    return Finding(
        code="formula.lookup-miss",
        severity="warning",
        message=f"The leads that the manifest names were not compared with the lookups: {reason}",
        hint="Mend the file, or its name under `impact`.",
        file=MANIFEST_NAME,
    )


class _Finder:
    """Computes what a lookup looks for, and looks for it."""

    def __init__(self, config: ConfigSet, sites: FormulaSites, date: datetime.date) -> None:
        self._date = date
        constants: dict[str, Value] = dict(table_values(config.rules.tables))
        constants.update((name.lower(), as_list(items)) for name, items in sites.view.rules.lists.items())
        self._constants = constants
        self._reader = LeadReader(config.rules.fields, constants)
        self._steps = {
            site.key[0].lower(): site
            for site in sites.sites
            if site.kind == "intermediate" and site.formula is not None and not unsupported(site.formula)
        }

    def missed(self, lookup: Lookup, counts: Counter[tuple[Any, ...]]) -> Counter[str]:
        """Each value that is not found, as it is looked for, and in how many leads. Spellings but for case are one."""
        table, missed = self._constants[lookup.target], Counter[str]()
        if not isinstance(table, Array):
            return missed
        steps = self._needed(lookup)
        written: dict[str, str] = {}
        for raw, number in counts.most_common(_MOST_VALUES):
            wanted = self._wanted(lookup, steps, raw)
            if wanted is None or wanted == "" or isinstance(wanted, ErrorValue | Array):
                continue
            if not _is_found(lookup.call.name, wanted, table):
                missed[written.setdefault(fold(shown(wanted)), shown(wanted))] += number
        return missed

    def _needed(self, lookup: Lookup) -> list[Site]:
        """The intermediates that the wanted value is made of, in the order in which they can be computed."""
        names = {node.key for node in walk(lookup.call.arguments[0]) if type(node) is Name}
        left = list(names)
        while left:
            site = self._steps.get(left.pop())
            more = lower_names(site) - names if site else frozenset()
            names |= more
            left += more
        return [site for name, site in self._steps.items() if name in names]

    def _wanted(self, lookup: Lookup, steps: Sequence[Site], raw: tuple[Any, ...]) -> Value:
        if all(value is None or value == "" for value in raw):
            return None
        values = self._reader.read(dict(zip(lookup.fields, raw, strict=True)), [])
        for site in steps:
            if site.formula is not None:
                values[site.key[0].lower()] = evaluate(site.formula, values, self._date)
        key: Node = lookup.call.arguments[0]
        if type(key) is Name:
            return values.get(key.key)
        return evaluate(Formula(lookup.site.text, key, False), values, self._date)


def _is_found(function: str, wanted: Scalar, table: Array) -> bool:
    try:
        if function in _EXACT_UNLESS_STATED:
            place_in(wanted, table, 0.0, 1.0)
        elif function == "HLOOKUP":
            first_equal(wanted, table.rows[0])
        else:
            first_equal_in(wanted, table, 0 if function == "VLOOKUP" else None)
    except Fault:
        return False
    return True


def _finding(config: ConfigSet, sites: FormulaSites, lookup: Lookup, missed: Counter[str], total: int) -> Finding:
    most = [f"{value} ({number:,})" for value, number in missed.most_common(_SHOWN)]
    more = f" and {len(missed) - _SHOWN} more" if len(missed) > _SHOWN else ""
    written = {name.lower(): name for name in _field_names(config.rules.fields)}
    by = " and ".join(written.get(name, name) for name in lookup.fields)
    name = lookup.call.arguments[1].text  # type: ignore[union-attr]
    values = counted(len(missed), "value")
    total_of = f"{counted(total, 'lead')} {'are' if len(missed) > 1 else 'is'}"
    effect = "the formula's own value for a miss counts" if lookup.caught else "the formula is #N/A, which counts 0"
    return sites.view.finding(
        "formula.lookup-miss",
        f"{lookup.site.label[:1].upper()}{lookup.site.label[1:]} looks {by} up in {name}, where {values} of "
        f"{total_of} missing: {', '.join(most)}{more}. There {effect}.",
        f"Add {'rows' if len(missed) > 1 else 'a row'} to {_file_of(config, lookup.target)}, or mend the spelling.",
        lookup.site.path,
        severity="warning",
        offset=lookup.call.start,
    )


def _field_names(fields: Fields | None) -> Iterable[str]:
    return fields.fields if fields else ()


def _file_of(config: ConfigSet, target: str) -> str:
    for name, table in config.rules.tables.items():
        if target in (name.lower(), *(column_name(name, column).lower() for column in table.columns)):
            return table_file(name)
    return RULES_FILE
