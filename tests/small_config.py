"""The packaged template with few rules and no prompts, for tests of what happens to an edit, whatever it is of.

A sheet of it is filled, read and checked in a fifth of the time. Tiers and the names of rules are the template's.
"""

from __future__ import annotations

from collections.abc import Mapping

_COMPONENTS = """\
components:
  company_info:
    weight: 0.4
    description: "Is this a real company with a history?"
    factors:
      name_quality: {weight: 0.3}
      years_in_business: {weight: 0.7, formula: "=IF(years>=10,1,years/10)"}

  company_size:
    weight: 0.6
    factors:
      headcount: {weight: 1, formula: "=IF(ISBLANK(employees),0,MIN(1,MAX(0,employees)/1000))"}
"""
_FIELDS = """\
fields:
  name_quality: {column: "Name Quality", type: number, sample: 0.9, description: "0 to 1, from the data provider."}
  years: {column: "Years in Business", type: number, sample: 12, description: "Full years since it was founded."}
  employees: {column: "Employees", type: number, sample: 240}
"""
_EXAMPLES = """\
date: "2026-09-01"

examples:
  "Mid-market champion":
    lead: {name_quality: 0.95, years: 14, employees: 1000}
    tier: A
"""
_SAAS = """\
description: "Software and platform companies"

components:
  company_info:
    factors:
      years_in_business: {formula: "=IF(years>=5,1,MAX(0,years)/5)"}
"""


def small_config(template: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of a small config among all others of the template."""
    kept = {path: content for path, content in template.items() if not path.startswith(("scoring/", "prompts/"))}
    tiers = template["scoring/rules.yaml"].decode().partition("\n# Compared without")[0]
    return {
        **kept,
        "scoring/rules.yaml": f"{tiers}\n{_COMPONENTS}".encode(),
        "scoring/fields.yaml": _FIELDS.encode(),
        "scoring/examples.yaml": _EXAMPLES.encode(),
        "scoring/verticals/saas.yaml": _SAAS.encode(),
    }
