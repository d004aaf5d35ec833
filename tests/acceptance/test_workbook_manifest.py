"""`fill` and `export` with a manifest that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.stage import make_stage


@pytest.mark.parametrize("verb", ["fill", "export"])
def test_workbook_command_with_an_unusable_manifest_refuses_instead_of_taking_defaults(
    tmp_path: Path, verb: str
) -> None:
    """The defaults know no tab of the team's own: its rows would go missing in silence."""
    stage = make_stage(tmp_path, small=True)
    manifest = stage.root / "mergecells.yaml"
    manifest.write_text(manifest.read_text() + "tabs:\n  - {tab: Regions, file: regions.yaml, key: region}\n")
    before = stage.workbook.read_bytes()
    answer = stage.run(verb, "--apply")
    assert answer.status == 2
    assert "tabs.0 lacks 'columns'" in answer.messages
    assert stage.workbook.read_bytes() == before
