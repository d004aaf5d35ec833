"""What was compared by which engines, in one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from mergecells.transforms.engine_cases import LeadCounts
from mergecells.transforms.formula_engines import EngineCount

_OURS = ("reference", "compiled")


def engines_line(engines: Mapping[str, EngineCount], leads: LeadCounts) -> str:
    """Empty when there were no formulas to compute. What was not compared is told by its three commonest reasons."""
    total = engines["reference"].computed if "reference" in engines else 0
    if not total:
        return ""
    compared = ", ".join(f"{name} {count.compared:,}" for name, count in engines.items() if name != "reference")
    mismatches = sum(count.mismatches for count in engines.values())
    verdict = f"{mismatches:,} DIFFER" if mismatches else "all agree"
    return (
        f"Engines: {total:,} results of {leads.formulas:,} formulas on {leads.stated:,} stated leads and "
        f"{leads.generated:,} made for {_formulas(leads)}; compared by {compared}: {verdict}{_rest(engines)}."
    )


def _formulas(leads: LeadCounts) -> str:
    if leads.formulas_with_leads == leads.formulas:
        return "them"
    return f"{leads.formulas_with_leads:,} of them, sampled with seed {leads.seed}"


def _rest(engines: Mapping[str, EngineCount]) -> str:
    reasons: Counter[str] = Counter()
    for name, count in engines.items():
        for reason, number in count.not_compared.items():
            reasons["known defects" if reason.startswith("known defect") else f"{name}: {reason}"] += number
    if not reasons:
        return ""
    shown = ", ".join(f"{number:,} {reason}" for reason, number in reasons.most_common(3))
    more = "" if len(reasons) <= 3 else f" and {len(reasons) - 3} more reasons"
    return f"; {sum(reasons.values()):,} not compared: {shown}{more}; see --output json"
