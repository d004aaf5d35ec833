"""The renderings of one impact, byte by byte, and the figures that docs/impact.md shows."""

from __future__ import annotations

import datetime
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from acceptance.stage import command
from mergecells.adapters.tree_files import read_config_files
from mergecells.apps.cli.impact_leads import ImpactLeads, Wanted
from mergecells.authoring.leads_impact import with_notes
from mergecells.domain.impact import Impact
from mergecells.transforms.impact import RevisionRules, measure_impact, merged_fields, prepare_side
from mergecells.transforms.impact_charts_svg import impact_charts
from mergecells.transforms.impact_render_markdown import render_impact_markdown
from mergecells.transforms.impact_render_text import render_impact_text
from mergecells.transforms.yaml_to_config import load_config

REPOSITORY = Path(__file__).parents[3]
GOLDEN = REPOSITORY / "tests" / "golden" / "impact"
CONFIG = REPOSITORY / "tests" / "examples" / "valid" / "x_education"
LEADS = Path(os.environ.get("MERGECELLS_LEADS") or REPOSITORY.parent / "shared" / "data" / "x-education-leads.csv")
needs_leads = pytest.mark.skipif(not LEADS.is_file(), reason=f"the leads are not at {LEADS}; set MERGECELLS_LEADS")


def _side(name: str) -> RevisionRules:
    loaded = load_config(read_config_files(GOLDEN / name).files)
    assert loaded.config is not None, loaded.findings
    return prepare_side(loaded.config.rules, name)


def _impact() -> Impact:
    base, head = _side("base"), _side("head")
    wanted = Wanted("Won", "Vertical", ("Source",))
    leads = ImpactLeads(GOLDEN / "leads.csv", merged_fields(base, head), wanted, quiet=True)
    day = datetime.date(2026, 1, 1)
    return with_notes(measure_impact(base, head, leads, day, outcome="Won", by=wanted.by), leads)


def test_impact_renderings_are_the_golden_ones() -> None:
    """Text, markdown, JSON and pictures of a synthetic file. JSON is compared as numbers: platforms differ in the last
    bit of a logarithm."""
    impact = _impact()
    made = {
        "impact.txt": render_impact_text(impact) + "\n",
        "impact.md": render_impact_markdown(impact),
        "impact.json": json.dumps(impact.model_dump(), indent=1, ensure_ascii=False) + "\n",
        **impact_charts(impact),
    }
    if os.environ.get("WRITE_GOLDEN"):
        for name, text in made.items():
            (GOLDEN / name).write_text(text, encoding="utf-8")
    for name, text in made.items():
        golden = (GOLDEN / name).read_text(encoding="utf-8")
        if name.endswith(".json"):
            assert _rounded(json.loads(text)) == _rounded(json.loads(golden))
        else:
            assert text == golden, name
        if name.endswith(".svg"):
            ElementTree.fromstring(text)


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 9)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list) else value


@needs_leads
def test_impact_page_shows_what_the_command_prints(tmp_path: Path) -> None:
    """Each figure of the run in docs/impact.md, from the real leads; `…` stands for lines that are left out."""
    page = (REPOSITORY / "docs" / "impact.md").read_text(encoding="utf-8")
    run = page.partition("## A real run")[2]
    (edit,) = re.findall(r"sed -i '(.*)' scoring/rules.yaml", run)
    root = tmp_path / "config"
    shutil.copytree(CONFIG, root)
    for step in ("init -q", "add -A", "-c user.name=A -c user.email=a@b.c commit -qm Rules"):
        subprocess.run(["git", "-C", str(root), *step.split()], check=True)
    rules = root / "scoring" / "rules.yaml"
    text = rules.read_text()
    for old, new in re.findall(r"s/([^/]*)/([^/]*)/", edit):
        assert old in text
        text = text.replace(old, new)
    rules.write_text(text)
    answer = command(
        "--config-root", root, "impact", "HEAD", "--leads", LEADS, "--outcome", "Converted", "--date", "2026-01-01",
        "--by", "Lead Origin",
    )  # fmt: skip
    printed = iter([line.strip() for line in answer.output.splitlines()])
    block = run.partition("prints")[2].partition("\n    ")[2].partition("\n\n\n")[0]
    shown = [line.strip() for line in f"    {block}".splitlines() if line.startswith("    ") and line.strip()]
    assert len(shown) > 30
    for line in shown[1:]:  # The first names the revisions.
        if line != "…":
            assert line in printed, line
