"""A second config for a real export: golden leads hold, and its tiers mean something on the real leads."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from acceptance.stage import command
from mergecells.adapters.tree_files import read_config_files
from mergecells.authoring.check import check_files

ROOT = Path(__file__).parents[1] / "examples" / "valid" / "x_education"
REPOSITORY = Path(__file__).parents[2]
LEADS = Path(os.environ.get("MERGECELLS_LEADS") or REPOSITORY.parent / "shared" / "data" / "x-education-leads.csv")

AFTER_THE_OUTCOME = ("Converted", "Tags", "Lead Quality", "Lead Profile", "Last Notable Activity", "Asymmetrique")
"""Columns that the sales team filled in because of the outcome; a score that reads them predicts the past."""

needs_leads = pytest.mark.skipif(not LEADS.is_file(), reason=f"the leads are not at {LEADS}; set MERGECELLS_LEADS")


def test_x_education_config_passes_every_check() -> None:
    """No finding at all, warnings included: formulas, golden leads, the vertical."""
    assert check_files(read_config_files(ROOT).files).findings == ()


def test_x_education_reads_no_column_that_knows_the_outcome() -> None:
    """No field is taken from what was filled in afterwards."""
    fields = (ROOT / "scoring" / "fields.yaml").read_text()
    columns = [line.split('column: "')[1].split('"')[0] for line in fields.splitlines() if 'column: "' in line]
    assert len(columns) == 15
    assert not [column for column in columns if column.startswith(AFTER_THE_OUTCOME)]


@needs_leads
def test_x_education_check_tells_the_one_spelling_without_a_row(tmp_path: Path) -> None:
    """Of 21 spellings of the source in the real leads, one is in no row of the table."""
    root = tmp_path / "config"
    shutil.copytree(ROOT, root)
    leads = os.path.relpath(LEADS, root)
    with (root / "mergecells.yaml").open("a") as manifest:
        manifest.write(f"impact: {{leads: {json.dumps(leads)}}}\n")
    answer = command("check", root, "--output", "json")
    (finding,) = json.loads(answer.output)["findings"]
    assert (answer.status, finding["code"], finding["severity"]) == (0, "formula.lookup-miss", "warning")
    assert (
        'looks lead_source up in sources, where 1 value of 9,248 leads is missing: "testone" (1).' in finding["message"]
    )


@needs_leads
def test_x_education_scores_every_real_lead_and_its_tiers_order_conversion(tmp_path: Path) -> None:
    """9,240 leads, no issue, no unreadable row; a higher tier converts clearly more often, and none is empty."""
    out = tmp_path / "scores.csv"
    answer = command(
        "--config-root", ROOT, "score", "--leads", LEADS, "--out", out, "--keep", "Converted", "--output", "json"
    )
    assert answer.status == 0, answer
    summary = json.loads(answer.output)
    assert (summary["scored"], summary["unreadable"], summary["issues"]) == (9240, 0, [])
    assert summary["columns"]["missing"] == []
    outcomes = defaultdict(list)
    with out.open(encoding="utf-8") as scores:
        for row in csv.DictReader(scores):
            outcomes[row["tier"]].append(int(row["Converted"]))
    rates = [sum(outcomes[tier]) / len(outcomes[tier]) for tier in "ABCD"]
    assert min(len(outcomes[tier]) for tier in "ABCD") > 1000
    assert all(better > 1.3 * worse for better, worse in pairwise(rates)), rates
    assert rates[0] > 0.8
