"""How the smoke evaluation is shown: a table, JSON, JUnit."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

from mergecells.domain.revision import short
from mergecells.domain.smoke import Verdict


def smoke_table(verdicts: Sequence[Verdict], gaps: Sequence[str]) -> list[str]:
    """A line a case, its problems below it, then the sums; costs that are not known are counted, not added."""
    width = max((len(each.name) for each in verdicts), default=0)
    lines = []
    for each in verdicts:
        seen = each.observed
        facts = [seen.intent, seen.model, f"{seen.seconds:.1f} s" if seen.seconds else "", _cost(seen.cost)]
        told = ", ".join(fact for fact in facts if fact)
        lines.append(f"{'FAIL' if each.problems else 'ok  '}  {each.name:<{width}}  {told}".rstrip())
        lines += [f"      {problem}" for problem in each.problems]
    failed = sum(bool(each.problems) for each in verdicts)
    revisions = sorted({short(each.observed.revision) for each in verdicts if each.observed.revision})
    spent = sum(each.observed.cost or 0 for each in verdicts)
    unknown = sum(each.observed.cost is None for each in verdicts if each.observed.model)
    lines.append(
        f"{len(verdicts) - failed} of {len(verdicts)} passed"
        + (f" at {', '.join(revisions)}" if revisions else "")
        + (f"; {_cost(spent)} spent" if spent else "")
        + (f"; {unknown} of unknown cost" if unknown else "")
    )
    if gaps:
        lines.append(f"No case for: {', '.join(gaps)}.")
    return lines


def smoke_json(verdicts: Sequence[Verdict], gaps: Sequence[str]) -> dict[str, Any]:
    """The same for machines."""
    return {
        "passed": sum(not each.problems for each in verdicts),
        "failed": sum(bool(each.problems) for each in verdicts),
        "cases": [
            {
                "name": each.name,
                "passed": not each.problems,
                "problems": list(each.problems),
                "observed": dataclasses.asdict(each.observed),
            }
            for each in verdicts
        ],
        "gaps": list(gaps),
    }


def smoke_junit(verdicts: Sequence[Verdict]) -> str:
    """JUnit XML: a test case for each case, a failure with its problems."""
    totals = {
        "name": "mergecells smoke",
        "tests": str(len(verdicts)),
        "failures": str(sum(bool(each.problems) for each in verdicts)),
        "errors": "0",
        "time": f"{sum(each.observed.seconds for each in verdicts):.3f}",
    }
    suites = ElementTree.Element("testsuites", totals)
    suite = ElementTree.SubElement(suites, "testsuite", totals)
    for each in verdicts:
        kind = f"prompt.{each.case.prompt}" if each.case.prompt else f"intent.{each.case.intent or 'any'}"
        made = ElementTree.SubElement(
            suite, "testcase", {"classname": kind, "name": each.name, "time": f"{each.observed.seconds:.3f}"}
        )
        if each.problems:
            failure = ElementTree.SubElement(made, "failure", {"message": _plain(each.problems[0])})
            failure.text = _plain("\n".join(each.problems))
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _plain(text: str) -> str:
    """XML has no control characters, not even escaped ones."""
    return "".join(char if char.isprintable() or char == "\n" else "�" for char in text)


def _cost(dollars: float | None) -> str:
    return f"${dollars:.4f}" if dollars else ""
