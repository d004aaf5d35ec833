"""`submit` with real leads in the manifest: the impact is in the request, and a large one needs a yes."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.stage import Stage, make_stage

MANIFEST = "mergecells.yaml"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A config whose manifest names four leads, three of known outcome."""
    stage = make_stage(tmp_path, small=True)
    (tmp_path / "leads.csv").write_text("years,won\n10,1\n20,0\n30,\n40,yes\n")
    manifest = stage.root / MANIFEST
    manifest.write_text(manifest.read_text() + "\nimpact: {leads: ../leads.csv, outcome: won, max_tier_change: 0.2}\n")
    # The golden leads would refuse the large change first.
    (stage.root / "scoring/examples.yaml").unlink()
    stage.git("-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "--quiet", "-am", "Name the leads")
    stage.git("push", "--quiet", "origin", "main")
    assert stage.run("fill", "--apply").status == 0
    return stage


def tier_minimum(stage: Stage, minimum: float) -> None:
    stage.edit({"Tiers!B2": minimum})


def test_submit_small_impact_stands_in_the_request(stage: Stage) -> None:
    """The section with its tiers and outcome; the Plan carries the same figures."""
    tier_minimum(stage, 82)
    told = stage.submit()
    assert told.status == 0, told
    assert told.json["plan"]["leads"]["leads"] == 4
    body = stage.host.pulls()[0].body
    assert "## What it does to the leads" in body
    assert "0 of 4 leads change score" in body
    assert "2 of 3 leads converted" in body


def large_impact(stage: Stage) -> None:
    """Every tier's minimum comes down below what a lead with nothing but years scores."""
    stage.edit({"Tiers!B2": 3, "Tiers!B3": 2, "Tiers!B4": 1})


def test_submit_large_impact_is_refused_until_it_is_meant(stage: Stage) -> None:
    """`change.impact`, no request; --allow-large opens it all the same."""
    large_impact(stage)
    refused = stage.submit()
    assert refused.status == 1
    found = [f for f in refused.json["plan"]["findings"] if f["code"] == "change.impact"]
    assert len(found) == 1
    assert "leads (" in found[0]["message"]
    assert stage.host.pulls() == []
    assert stage.submit("--allow-large").json["outcome"] == "proposed"


def test_submit_without_the_leads_is_refused_until_it_is_meant(stage: Stage, tmp_path: Path) -> None:
    """A guard that cannot see does not open; with --allow-large it warns."""
    (tmp_path / "leads.csv").unlink()
    tier_minimum(stage, 82)
    refused = stage.submit()
    assert refused.status == 1
    assert "cannot be measured" in str(refused.json["plan"]["findings"])
    assert stage.submit("--allow-large").json["outcome"] == "proposed"


def test_check_measures_uncommitted_edits_against_the_branch(stage: Stage) -> None:
    """Nothing without a difference; with one the figures, and a finding where too many leads change tier."""
    assert "leads" not in stage.run("check", "--output", "json").json
    rules = stage.root / "scoring/rules.yaml"
    low = rules.read_text().replace("min: 80", "min: 3").replace("min: 60", "min: 2").replace("min: 40", "min: 1")
    rules.write_text(low)
    refused = stage.run("check", "--output", "json")
    assert refused.status == 1
    assert [found["code"] for found in refused.json["findings"] if found["severity"] == "error"] == ["change.impact"]
    assert refused.json["leads"]["base"] == stage.git("rev-parse", "main")
    assert refused.json["leads"]["changed_tiers"] == 4
    assert stage.run("check", "--allow-large").status == 0
    assert "4 (100.0%) change tier" in stage.run("check", "--allow-large").messages


def test_check_without_the_leads_warns(stage: Stage, tmp_path: Path) -> None:
    """The file may lie on other machines only."""
    (tmp_path / "leads.csv").unlink()
    rules = stage.root / "scoring/rules.yaml"
    rules.write_text(rules.read_text().replace("min: 80", "min: 81"))
    answer = stage.run("check", "--output", "json")
    assert answer.status == 0
    assert [found["code"] for found in answer.json["findings"]].count("change.impact") == 1


def test_check_after_a_broken_branch_says_what_cannot_be_measured(stage: Stage) -> None:
    """The rules on the branch do not load; mending them is not refused for it."""
    rules = stage.root / "scoring/rules.yaml"
    good = rules.read_text()
    rules.write_text("version: 3\n")
    stage.git("-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "--quiet", "-am", "Break the rules")
    rules.write_text(good)
    answer = stage.run("check")
    assert answer.status == 0
    assert "cannot be used" in answer.output


def test_rollback_measures_what_it_brings_back(stage: Stage) -> None:
    """The same section as a submission's, and no guard: a rollback may well move many leads."""
    stage.push("min: 80", "min: 2")
    answer = stage.run("rollback", "main~1", "--author", "Ada <ada@example.org>", "--output", "json")
    assert answer.status == 0, answer
    leads = answer.json["plan"]["leads"]
    assert (leads["leads"], leads["outcome"]["known"]) == (4, 3)
    assert "## What it does to the leads" in stage.host.pulls()[0].body
