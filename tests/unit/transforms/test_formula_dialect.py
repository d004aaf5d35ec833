"""The manifest's dialect reaches everything that reads a formula."""

from __future__ import annotations

import datetime

import pytest

from fakes.config_samples import sample_files
from mergecells.authoring.check import check_files
from mergecells.domain.configset import ConfigSet
from mergecells.formula import compile_formula, parse
from mergecells.serving.bundle_lines import dump_lines, load_lines
from mergecells.transforms.explain import explain_lead
from mergecells.transforms.rule_places import RulePlaces
from mergecells.transforms.score import compile_rules
from mergecells.transforms.yaml_to_config import load_config

DAY = datetime.date(2024, 2, 29)
# The first match to Excel, its group to Google Sheets; and one argument, which only Google Sheets allows.
TWO_MEANINGS = 'LEN(REGEXEXTRACT(years&"ab","a(b)"))/2'
ONLY_GOOGLE = "MIN(1,ROUND(years)/10)"


def files_with(formula: str, manifest: str) -> dict[str, bytes]:
    files = sample_files()
    rules = files["scoring/rules.yaml"].replace(b'"=MIN(1,years/10)"', f"'={formula}'".encode())
    return {**files, "scoring/rules.yaml": rules, "mergecells.yaml": f"version: 1\n{manifest}\n".encode()}


def loaded(formula: str, manifest: str) -> ConfigSet:
    config = load_config(files_with(formula, manifest)).config
    assert config is not None
    return config


@pytest.mark.parametrize(
    ("manifest", "value"),
    [("", 100.0), ("formulas: {dialect: excel}", 100.0), ("formulas: {dialect: google}", 50.0)],
)
def test_dialect_of_the_manifest_decides_the_score(manifest: str, value: float) -> None:
    """From YAML and from the sealed bundle, one lead and many, base and vertical."""
    config = loaded(TWO_MEANINGS, manifest)
    for each in (config, load_lines(dump_lines(config))):
        scorer = compile_rules(each)
        assert scorer.score({"years": 1}, DAY).value == value
        assert scorer.score({"years": 1}, DAY, "small").value == value
        assert set(scorer.score_many({"years": [1, 2] * 200}, DAY).value) == {value}


def test_check_formula_of_the_dialect_has_no_finding() -> None:
    """`ROUND(x)` is a syntax error to Excel and fine to Google Sheets."""
    excel = check_files(files_with(ONLY_GOOGLE, ""))
    google = check_files(files_with(ONLY_GOOGLE, "formulas: {dialect: google}"))
    assert "formula.syntax" in {finding.code for finding in excel.findings}
    assert [str(finding) for finding in google.findings if finding.code.startswith("formula.")] == []


def test_explain_formula_of_the_dialect_names_its_inputs() -> None:
    """What reads a formula's text again reads it in the same dialect."""
    config = loaded(ONLY_GOOGLE, "formulas: {dialect: google}")
    explanation = explain_lead(config.rules, compile_rules(config), RulePlaces({}), {"years": 3}, DAY)
    assert "years" in str(explanation)


def test_check_function_of_the_other_program_warns_with_what_to_use() -> None:
    """Production computes it, the sheet would not."""
    excel = check_files(files_with('IF(REGEXMATCH(years&"","1"),1,0)', ""))
    google = check_files(files_with('IF(REGEXTEST(years&"","1"),1,0)', "formulas: {dialect: google}"))
    for report, instead in ((excel, "REGEXTEST"), (google, "REGEXMATCH")):
        [finding] = [one for one in report.findings if one.code == "formula.other-dialect"]
        assert finding.severity == "warning"
        assert instead in (finding.hint or "")


def test_compile_formula_one_text_in_two_dialects_is_kept_apart() -> None:
    """Both are remembered by their text."""
    excel, google = (compile_formula(parse("=SORT({2;1},1,1)", dialect)) for dialect in ("excel", "google"))  # type: ignore[arg-type]
    assert excel is not google
    assert str(parse("=FILTER({1},{0})", "google")) != str(parse("=FILTER({1},{0})"))
