"""Findings in the five forms that people and machines read: text, JSON, GitHub annotations, SARIF and JUnit."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mergecells._version import __version__
from mergecells.apps.cli.choices import FindingsOutput
from mergecells.apps.cli.pointed_text import pointed
from mergecells.domain.findings import Finding, count_findings
from mergecells.transforms.finding_codes import CODES

if TYPE_CHECKING:  # it takes a tenth of the start of a command
    from xml.etree import ElementTree

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_RED, _YELLOW, _DIM, _BOLD, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[1m", "\x1b[0m"


Render = Callable[[Sequence[Finding], Mapping[str, Any]], str]


def render_findings(
    findings: Sequence[Finding], form: FindingsOutput, extra: Mapping[str, Any], colour: bool = False
) -> str:
    """The whole report as one text. `extra` is what the JSON form carries beside the contract's keys."""
    if form is FindingsOutput.TEXT:
        return render_text(findings, extra, colour)
    renderers: Mapping[FindingsOutput, Render] = {
        FindingsOutput.JSON: render_json,
        FindingsOutput.GITHUB: lambda found, _: render_github(found),
        FindingsOutput.SARIF: lambda found, _: render_sarif(found),
        FindingsOutput.JUNIT: render_junit,
    }
    return renderers[form](findings, extra)


def render_text(findings: Sequence[Finding], extra: Mapping[str, Any], colour: bool = False) -> str:
    """A line for each finding, its formula with a mark under the character where there is one; then a summary line."""
    lines: list[str] = []
    for finding in findings:
        lines.append(_coloured(finding) if colour else str(finding))
        if finding.excerpt:
            lines += pointed(finding.excerpt.text, finding.excerpt.offset)
    return "\n".join([*lines, _summary(findings, extra, colour)])


def render_json(findings: Sequence[Finding], extra: Mapping[str, Any]) -> str:
    """The contract's JSON: findings and counts."""
    document = {
        "findings": [finding.model_dump() for finding in findings],
        "counts": count_findings(findings),
        **extra,
    }
    return json.dumps(document, ensure_ascii=False, indent=2)


def render_github(findings: Sequence[Finding]) -> str:
    """Workflow commands that GitHub shows as annotations on the changed lines.

    Source: docs.github.com, "Workflow commands for GitHub Actions"; the escapes are those of @actions/core.
    """
    return "\n".join(_annotation(finding) for finding in findings)


def render_sarif(findings: Sequence[Finding]) -> str:
    """SARIF 2.1.0 (OASIS), one run, the format of code scanning."""
    used = sorted({finding.code for finding in findings})
    rules = [_sarif_rule(code) for code in used]
    results = [_sarif_result(finding, used.index(finding.code)) for finding in findings]
    driver = {
        "name": "mergecells",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": rules,
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2)


def render_junit(findings: Sequence[Finding], extra: Mapping[str, Any]) -> str:
    """JUnit XML: a test case for each finding; one passed case when nothing is wrong. Warnings are skipped cases."""
    from xml.etree import ElementTree

    counts = count_findings(findings)
    totals = {
        "name": "mergecells check",
        "tests": str(max(len(findings), 1)),
        "failures": str(counts["error"]),
        "errors": "0",
        "skipped": str(counts["warning"]),
    }
    suites = ElementTree.Element("testsuites", totals)
    suite = ElementTree.SubElement(suites, "testsuite", {**totals, "time": str(extra.get("seconds", 0))})
    if not findings:
        ElementTree.SubElement(suite, "testcase", {"classname": "mergecells", "name": "all checks", "time": "0"})
    for finding in findings:
        _junit_case(suite, finding)
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode")


def _coloured(finding: Finding) -> str:
    tone = _RED if finding.severity == "error" else _YELLOW
    place, separator, rest = str(finding).rpartition(": " + finding.message)
    body = rest.removesuffix(f"[{finding.code}]")
    head = f"{_BOLD}{place}{_PLAIN}: " if separator and place else ""
    return f"{head}{tone}{finding.message}{_PLAIN}{body}{_DIM}[{finding.code}]{_PLAIN}"


def _summary(findings: Sequence[Finding], extra: Mapping[str, Any], colour: bool) -> str:
    counts = count_findings(findings)
    checked = extra.get("files")
    scope = f" in {len(checked)} file{'s' if len(checked) != 1 else ''}" if isinstance(checked, Sequence) else ""
    words = [
        f"{number} {kind}{'s' if number != 1 else ''}"
        for kind, number in (("error", counts["error"]), ("warning", counts["warning"]))
    ]
    text = f"{words[0]}, {words[1]}{scope}."
    if not colour:
        return text
    return f"{_RED if counts['error'] else _BOLD}{text}{_PLAIN}"


def _annotation(finding: Finding) -> str:
    properties = {
        "file": finding.file,
        "line": finding.line,
        "col": finding.column,
        "title": f"{finding.code} {finding.cell or ''}".strip(),
    }
    shown = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items() if value is not None)
    where = f" ({finding.cell})" if finding.cell else ""
    text = " ".join(part for part in (finding.message, finding.hint) if part) + where
    return f"::{finding.severity} {shown}::{_message(text)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def _sarif_rule(code: str) -> dict[str, Any]:
    entry = CODES.get(code)
    rule: dict[str, Any] = {"id": code, "name": code.replace(".", "-")}
    if entry:
        rule["shortDescription"] = {"text": entry.meaning}
        rule["help"] = {"text": entry.remedy}
    return rule


def _sarif_result(finding: Finding, rule_index: int) -> dict[str, Any]:
    text = " ".join(part for part in (finding.message, finding.hint) if part)
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": rule_index,
        "level": finding.severity,
        "message": {"text": text},
    }
    location: dict[str, Any] = {}
    if finding.file:
        physical: dict[str, Any] = {"artifactLocation": {"uri": quote(finding.file)}}
        if finding.line:
            region = {"startLine": finding.line, "startColumn": finding.column}
            physical["region"] = {key: value for key, value in region.items() if value}
        location["physicalLocation"] = physical
    if finding.cell:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.cell, "kind": "member"}]
    if location:
        result["locations"] = [location]
    return result


def _junit_case(suite: ElementTree.Element, finding: Finding) -> None:
    from xml.etree import ElementTree

    place = ":".join(str(part) for part in (finding.file, finding.line) if part is not None)
    name = " ".join(part for part in (finding.code, place, finding.cell) if part)
    attributes = {"classname": f"mergecells.{finding.code}", "name": _xml_text(name), "time": "0"}
    if finding.file:
        attributes["file"] = _xml_text(finding.file)
    case = ElementTree.SubElement(suite, "testcase", attributes)
    verdict = "failure" if finding.severity == "error" else "skipped"
    body = ElementTree.SubElement(case, verdict, {"message": _xml_text(finding.message)})
    if verdict == "failure":
        body.set("type", finding.code)
    body.text = _xml_text(str(finding))


_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _xml_text(text: str) -> str:
    """XML 1.0 has no place for control characters, not even escaped (production 2, Char)."""
    return _NOT_XML.sub("\ufffd", text)
