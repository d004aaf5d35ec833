"""`submit` with real leads in the manifest: the impact is in the request, and a large one needs a yes."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.stage import Stage, make_stage

MANIFEST = "mergecells.yaml"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A config whose manifest names four leads, three of known outcome."""
    stage = make_stage(tmp_path)
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
