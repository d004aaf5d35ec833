# ruff: noqa: E501 - one field, one line
"""Synthetic leads of the default fields, seeded: as a CSV gives them (texts) and prepared (typed, dictionary-encoded).

Counts are whole numbers as counts are, two columns are continuous, a tenth of all values is blank. Texts come from
short lists, save, when `personal` is asked for, mail addresses and telephone numbers: those are another for each lead.
"""

from __future__ import annotations

import datetime

import numpy as np
import pyarrow as pa

DAY = datetime.date(2026, 3, 1)
CONTINUOUS = ("revenue_millions", "minutes_on_site", "name_quality")
LARGEST = {"timezone_offset": 12, "years": 40, "months_to_decision": 24, "pricing_views": 8, "emails_sent": 30}
TEXTS: dict[str, list[str]] = {
    "industry": ["Software", "Logistics", "Retail", "Healthcare", "Mining", "insurance", "Education", "Telecommunications"],
    "use_case": ["Lead routing to regional teams", "Scoring of inbound leads", "Reporting", "A new website for our shop"],
    "country": ["Germany", "United States", "France", "Japan", "canada", "Sweden", "Brazil", "India"],
    "language": ["German", "English", "French", "Spanish"],
    "email": ["jana@spedition-example.com", "joe@gmail.com", "x@outlook.com", "none", "amy@corp.example", "bo@gmx.de"],
    "phone": ["+49 40 5550 1234", "030 123", "+1 212 555 0100", "555"],
    "job_title": ["Head of Sales", "CEO", "Sales Manager", "Chief, Revenue", "VP Sales", "Assistant", "Software Engineer"],
    "department": ["Sales", "Marketing", "IT", "Revenue Operations", "Legal"],
    "crm_system": ["Salesforce", "HubSpot", "Dynamics", "Own", "Pipedrive"],
    "lead_source": ["Referral", "Partner", "Event", "Organic search", "Paid search", "Cold list", "Fair"],
    "campaign": ["ABM-DACH-Q3", "Newsletter", "abm-us", "Spring"],
}  # fmt: skip


def raw_table(length: int, types: dict[str, str], *, personal: bool = False) -> pa.Table:
    """String columns by field; blank is the empty text, as the readers of CSV give it."""
    chance = np.random.default_rng(42)
    columns = {}
    for name, kind in types.items():
        pool = pa.array(_pool(name, kind))
        if name in CONTINUOUS:
            numbers = chance.random(length) * (1 if name == "name_quality" else 150)
            column = pa.array([f"{number:.6g}" for number in numbers.tolist()])
        elif personal and name == "email":
            column = pa.array([f"person{number}@company{number % 9973}.example" for number in range(length)])
        elif personal and name == "phone":
            column = pa.array([f"+49 40 {number:08d}" for number in range(length)])
        else:
            column = pool.take(pa.array(chance.integers(0, len(pool), length)))
        blank = pa.array(chance.random(length) < 0.1)
        columns[name] = pa.compute.if_else(blank, pa.scalar(""), column)
    return pa.table(columns)


def prepared_table(raw: pa.Table, types: dict[str, str]) -> pa.Table:
    """The same leads with typed columns: float64, bool, date32, dictionary-encoded texts; blank is null."""
    columns = {}
    for name, kind in types.items():
        column = raw.column(name).combine_chunks()
        column = pa.compute.if_else(pa.compute.equal(column, ""), None, column)
        if kind == "number":
            columns[name] = column.cast(pa.float64())
        elif kind == "boolean":
            columns[name] = pa.compute.equal(column, "true")
        elif kind == "date":
            columns[name] = column.cast(pa.date32())
        else:
            columns[name] = column.dictionary_encode()
    return pa.table(columns)


def _pool(name: str, kind: str) -> list[str]:
    if kind == "number":
        return [
            str(number) for number in range(-LARGEST[name] if name == "timezone_offset" else 0, LARGEST.get(name, 200))
        ]
    if kind == "boolean":
        return ["true", "false"]
    if kind == "date":
        return [(DAY + datetime.timedelta(days=days)).isoformat() for days in range(-900, 60)]
    return TEXTS[name]
