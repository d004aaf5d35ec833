"""Prompts, routes, budgets and prices in either workbook: shown whole, and brought back without a byte changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from google_stage import staged
from mergecells.adapters.tree_files import read_config_files
from mergecells.authoring.export import export_workbook
from mergecells.authoring.fill import plan_fill
from workbook_desks import Desk, GoogleDesk, XlsxDesk
from workbook_sample import BASE, sample_files

REPOSITORY = Path(__file__).parents[3]
TABS = ["Prompts", "Providers", "Models", "Intents", "Routing", "Budgets", "Prices"]


@pytest.fixture(params=["xlsx", "google"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    if request.param == "xlsx":
        yield XlsxDesk(tmp_path / "scoring.xlsx")
        return
    with staged() as stage:
        yield GoogleDesk(stage)


def test_prompts_in_a_workbook_are_whole_and_unedited_ones_change_nothing(desk: Desk) -> None:
    """The shipped prompts, one with odd line ends, one long, one that begins like a formula."""
    shipped = {name: body for name, body in read_config_files(REPOSITORY).files.items() if name.startswith("prompts/")}
    files = {**sample_files(), **shipped}
    files["prompts/hook.md"] = files["prompts/hook.md"].replace(b"\n", b"\r\n")
    files["prompts/emails/long.md"] = b"---\nname: long\n---\n" + b"0123456789 \xc3\xa9\n" * 2_000
    files["prompts/odd.md"] = b"---\nname: odd\n---\n=1+1 is 2\n\n  indented\t\xc2\xa0\n\n\n"
    plan = plan_fill(files, BASE, None, lambda _: None)
    assert plan.layout is not None
    desk.source().write(plan.layout)
    book = desk.source().read()
    assert [name for name in book.sheets if name in TABS] == TABS
    exported = export_workbook(book, files)
    assert [str(finding) for finding in exported.findings] == []
    assert exported.files == {}
    assert exported.tables["Prompts"].rows["odd",].cells["body"] == "=1+1 is 2\n\n  indented\t\u00a0\n\n\n"
    assert len(str(exported.tables["Prompts"].rows["emails/long",].cells["body"])) == 26_000
