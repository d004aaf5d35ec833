"""Which lookups are compared with the leads' values, and what is told of those that they miss."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mergecells.authoring.check import check_files
from mergecells.domain.errors import UsageError
from mergecells.domain.findings import Finding
from mergecells.domain.manifest import LeadsImpact
from mergecells.domain.scoring import Fields
from mergecells.transforms.impact import ImpactLead

TABLE = "columns: {country: {type: text}, fit: {type: number}}\nrows:\n  Germany: {fit: 1}\n  France: {fit: 0.5}\n"


def findings_of(formula: str, *values: object, sample: str = "Germany", read: Any = None) -> list[Finding]:
    """The lookup findings of a config with one formula; `values` are those of the field country in a file of leads."""
    texts = {
        "mergecells.yaml": "version: 1\nimpact: {leads: leads.csv}\n",
        "scoring/rules.yaml": 'version: "1"\ntiers: {A: {min: 0}}\nlists: {known: [Germany, France]}\n'
        "formulas: {place: '=TRIM(country)', again: '=UPPER(place)'}\n"
        f"components: {{c: {{weight: 1, factors: {{f: {{weight: 1, formula: '={formula}'}}}}}}}}\n",
        "scoring/fields.yaml": f"fields: {{country: {{type: text, sample: '{sample}'}}, n: {{type: number}}}}\n",
        "scoring/tables/places.yaml": TABLE,
    }

    def leads(_settings: LeadsImpact, _fields: Fields | None) -> Iterator[ImpactLead]:
        yield from (ImpactLead(line, {"Country": value}) for line, value in enumerate(values, 2))

    files = {name: text.encode() for name, text in texts.items()}
    found = check_files(files, read_leads=read or leads).findings
    return [finding for finding in found if finding.code == "formula.lookup-miss"]


@pytest.mark.parametrize(
    ("formula", "misses"),
    [
        (
            "IFNA(VLOOKUP(country,places,2,FALSE),0)",
            '3 values of 8 leads are missing: "Spain" (2), "italy" (1), " spain" (1)',
        ),
        ("IFNA(VLOOKUP(country,places,2,0),0)", '"Spain" (2), "italy" (1), " spain" (1)'),
        ("IFERROR(INDEX(places_fit,MATCH(country,places_country,0)),0)", '"Spain" (2), "italy" (1), " spain" (1)'),
        ("XLOOKUP(country,places_country,places_fit,0)", '"Spain" (2), "italy" (1), " spain" (1)'),
        ("IF(ISNUMBER(XMATCH(country,known)),1,0)", '"Spain" (2), "italy" (1), " spain" (1)'),
        ("IFNA(VLOOKUP(again,places,2,FALSE),0)", '2 values of 8 leads are missing: "SPAIN" (3), "ITALY" (1)'),
        ("IFNA(VLOOKUP(LOWER(place),places,2,),0)", '"spain" (3), "italy" (1)'),
    ],
)
def test_exact_lookup_tells_the_values_that_it_misses_most_frequent_first(formula: str, misses: str) -> None:
    """Through TRIM, intermediates and case; a blank lead and a value that is there are no misses."""
    (finding,) = findings_of(formula, "Spain", "italy", " spain", "FRANCE", None, "", "SPAIN")
    assert finding.severity == "warning"
    assert f"{misses}. " in finding.message


@pytest.mark.parametrize(
    "formula",
    [
        "IFNA(VLOOKUP(country,places,2,TRUE),0)",
        "IFNA(VLOOKUP(country,places,2),0)",
        "IF(COUNTIF(known,country)>0,1,0)",
        "IFNA(MATCH(country,known,1)*0,0)",
        "XLOOKUP(country,places_country,places_fit,0,-1)",
        'IFNA(VLOOKUP("Spain",places,2,FALSE),0)',
    ],
)
def test_other_searches_are_left_alone(formula: str) -> None:
    """A nearest match always gives something, membership is an answer, and a constant is no lead's value."""
    assert findings_of(formula, "Spain") == []


def test_lookup_that_nothing_catches_is_said_to_count_nothing() -> None:
    """What happens to such a lead in production stands in the message."""
    (finding,) = findings_of("VLOOKUP(country,places,2,FALSE)", "Spain")
    assert finding.message.endswith("There the formula is #N/A, which counts 0.")


def test_lookup_of_the_sample_lead_is_compared_without_any_file() -> None:
    """The sample and the examples are there always."""
    (finding,) = findings_of("IFNA(VLOOKUP(country,places,2,FALSE),0)", sample="Atlantis")
    assert '1 value of 1 lead is missing: "Atlantis" (1)' in finding.message


def test_leads_that_cannot_be_read_are_a_warning() -> None:
    """A check that could not look says so."""

    def read(_settings: LeadsImpact, _fields: Fields | None) -> Iterator[ImpactLead]:
        raise UsageError("leads.csv has no header.")
        yield

    (finding,) = findings_of("IFNA(VLOOKUP(country,places,2,FALSE),0)", read=read)
    assert (finding.severity, finding.file) == ("warning", "mergecells.yaml")
    assert "leads.csv has no header." in finding.message
