# ruff: noqa: E501 - one rule, one line
"""The default rules for one lead, written by hand in Python: `formulas_by_hand` and the whole call, `score_by_hand`.

`formulas_by_hand` takes what has been read already (lower-case names, floats, blank as None) and computes the 37
factors with clean semantics. `score_by_hand` does the job of `Snapshot.score`: it reads the lead as JSON gives it by the
types of its fields, names what is odd, computes, rounds off binary noise, chooses the tier and makes a frozen result with
components, revision, date and issues.
"""

from __future__ import annotations

import datetime
import math
import re
from dataclasses import dataclass
from typing import Any

from mergecells.formula import to_serial

TARGET = frozenset(("software", "financial services", "insurance", "logistics", "telecommunications"))
ADJACENT = frozenset(("manufacturing", "healthcare", "professional services", "retail"))
FREE = frozenset(("gmail.com", "outlook.com", "hotmail.com", "yahoo.com", "icloud.com", "gmx.de"))
COUNTRIES = {
    **dict.fromkeys(("united states", "canada", "united kingdom", "germany", "netherlands", "sweden"), 1.0),
    **dict.fromkeys(("austria", "switzerland", "denmark", "ireland", "australia"), 0.6),
}
DEPARTMENTS = {"sales": 1.0, "revenue operations": 1.0, "marketing": 0.8, "it": 0.5}
SYSTEMS = {"salesforce": 1.0, "hubspot": 1.0, "dynamics": 0.7, "": 0.0}
CHANNELS = {
    "referral": 1.0,
    "partner": 0.9,
    "event": 0.7,
    "organic search": 0.6,
    "paid search": 0.5,
    "cold list": 0.1,
    "": 0.0,
}
SPACES = re.compile(" {2,}")
TIERS = ((80.0, "A"), (60.0, "B"), (40.0, "C"), (0.0, "D"))
LOG_21 = math.log(21)


@dataclass(frozen=True, slots=True)
class HandScore:
    value: float
    tier: str
    components: dict[str, float]
    revision: str
    date: datetime.date
    vertical: str | None
    issues: tuple[str, ...]


def trim(text: str) -> str:
    text = text.strip(" ")
    return SPACES.sub(" ", text) if "  " in text else text


def share(number: float) -> float:
    return 0.0 if number < 0.0 else 1.0 if number > 1.0 else number


def heads(number: float) -> float:
    return (
        0.1
        if number < 10
        else 0.3
        if number < 50
        else 0.7
        if number < 200
        else 1.0
        if number < 1000
        else 0.8
        if number < 5000
        else 0.6
    )


def money(number: float) -> float:
    return 0.0 if number < 1 else 0.3 if number < 5 else 0.6 if number < 20 else 1.0 if number < 100 else 0.9


def half_up(number: float) -> float:
    return math.floor(number * 100.0 + 0.5) / 100.0


def months_between(serial: float, today: float) -> int:
    one, other = datetime.date.fromordinal(int(serial) + 693594), datetime.date.fromordinal(int(today) + 693594)
    return (other.year - one.year) * 12 + other.month - one.month - (other.day < one.day)


def formulas_by_hand(v: dict[str, Any], today: float) -> dict[str, float]:
    """Each component's points from values that have been read."""
    number = {name: value or 0.0 for name, value in v.items() if type(value) is not str}
    mail, title, use = (
        trim(v["email"] or ""),
        trim((v["job_title"] or "").replace(",", " ")).lower(),
        v["use_case"] or "",
    )
    domain = mail[mail.find("@") + 1 :].lower() if "@" in mail else ""
    words, low = f" {title} ", use.lower()
    industry = trim(v["industry"] or "").lower()
    industry_match = 1.0 if industry in TARGET else 0.5 if industry in ADJACENT else 0.0
    use_match = 1.0 if "routing" in low or "scoring" in low else 0.5 if len(trim(use)) >= 20 else 0.0
    employees, hours, funded, decide = (
        v["employees"],
        v["timezone_offset"],
        v["last_funding_date"],
        v["months_to_decision"],
    )
    renewal, seen, sent = v["renewal_date"], v["last_activity_date"], number["emails_sent"]
    deal = max(0.0, number["seats"]) * max(0.0, number["price_per_seat"])
    if not title:
        level = 0.0
    elif " chief " in words or " ceo " in words or " cto " in words or " owner " in words:
        level = 1.0
    elif " vp " in words or " head " in words or " director " in words:
        level = 0.8
    else:
        level = 0.5 if " manager " in words else 0.2
    return {
        "company_info": 8 * (0.3 * share(number["name_quality"]) + 0.7 * share(number["years"] / 10)),
        "company_size": 9 * (0.6 * (0.0 if employees is None else heads(employees)) + 0.4 * money(number["revenue_millions"])),
        "industry_fit": 8 * (0.7 * industry_match + 0.3 * use_match if industry_match else 0.15 * use_match),
        "geography": 5 * (0.6 * (0.0 if v["country"] is None else COUNTRIES.get(trim(v["country"]).lower(), 0.3))
            + 0.2 * ((v["language"] or "").lower() in ("english", "german"))
            + 0.2 * (0.0 if hours is None else max(0.0, 1 - abs(hours) / 10))),
        "contact_quality": 7 * (0.5 * (0.0 if "." not in domain else 0.3 if domain in FREE else 1.0)
            + 0.2 * (len((v["phone"] or "").replace(" ", "")) >= 8) + 0.3 * number["linkedin_profile"]),
        "seniority": 8 * (0.7 * level + 0.3 * number["decision_maker"]),
        "buying_group": 5 * (0.4 * share(number["stakeholder_count"] / 4) + 0.4 * number["champion_identified"]
            + 0.2 * DEPARTMENTS.get(trim(v["department"] or "").lower(), 0.0)),
        "budget_fit": 9 * (0.5 * (share(number["budget"] / deal) if deal else 0.0) + 0.3 * number["budget_confirmed"]
            + 0.2 * (0.0 if funded is None else 1.0 if funded > today else max(0.0, 1 - months_between(funded, today) / 36))),
        "timing": 7 * (0.7 * (0.0 if decide is None else 1.0 if decide <= 3 else 0.7 if decide <= 6 else 0.4 if decide <= 12 else 0.1)
            + 0.3 * (0.0 if renewal is None else max(0.0, 1 - abs(renewal - today) / 365))),
        "tech_fit": 7 * (0.5 * SYSTEMS.get(trim(v["crm_system"] or "").lower(), 0.3) + 0.2 * share(number["tools_in_use"] / 8)
            + 0.3 * share(number["cloud_percent"] / 100)),
        "web_engagement": 8 * (0.4 * min(1.0, math.log(1 + max(0.0, number["website_visits"])) / LOG_21)
            + 0.4 * share(number["pricing_views"] / 3) + 0.2 * half_up(share(number["minutes_on_site"] / 15))),
        "email_engagement": 5 * (0.3 * (share(number["emails_opened"] / sent) if sent else 0.0)
            + 0.4 * (share(20 * number["emails_clicked"] / sent) if sent else 0.0) + 0.3 * number["replied"]),
        "content_engagement": 5 * max(number["demo_requested"], 0.7 * share(
            (number["resources_downloaded"] + 2 * number["webinars_attended"]) / 6)),
        "source_quality": 5 * (0.8 * CHANNELS.get(trim(v["lead_source"] or "").lower(), 0.3)
            + 0.2 * ((v["campaign"] or "")[:4] == "ABM-")),
        "relationship": 4 * (0.6 * (0.0 if seen is None else share(1 - (today - seen) / 90)) + 0.4 * number["existing_customer"]),
    }  # fmt: skip


def read_by_hand(lead: dict[str, Any], types: dict[str, str], issues: list[str]) -> dict[str, Any]:
    """The lead's values by the types of its fields; what is odd is named and kept or left out, as `Snapshot.score` does."""
    values: dict[str, Any] = dict.fromkeys(types)
    for name, given in lead.items():
        kind = types.get(name)
        if kind is None or given is None:
            continue
        if kind == "number":
            if isinstance(given, (int, float)) and not isinstance(given, bool):
                if math.isfinite(given):
                    values[name] = float(given)
                elif math.isinf(given):
                    issues.append(f"{name}: is not finite; taken as blank")
            else:
                issues.append(f"{name}: not a number")
        elif kind == "text":
            values[name] = given if isinstance(given, str) else str(given)
        elif kind == "boolean":
            if given is True or given is False:
                values[name] = given
            else:
                issues.append(f"{name}: not true or false")
        else:
            try:
                values[name] = to_serial(datetime.date.fromisoformat(given))
            except ValueError:
                issues.append(f"{name}: there is no date {given}")
    return values


def score_by_hand(
    lead: dict[str, Any], types: dict[str, str], revision: str, day: datetime.date | None = None
) -> HandScore:
    """The whole call."""
    day = day or datetime.datetime.now(datetime.UTC).date()
    issues: list[str] = []
    values = read_by_hand(lead, types, issues)
    points = {name: round(part, 9) for name, part in formulas_by_hand(values, float(to_serial(day))).items()}
    value = round(math.fsum(points.values()), 9)
    tier = next(name for lowest, name in TIERS if value >= lowest)
    return HandScore(value, tier, points, revision, day, None, tuple(issues))
