"""The tab of prompts: rows are files, edits change the lines that they must, and no byte else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.config_samples import sample_files
from mergecells.domain.errors import UsageError
from mergecells.domain.tables import AddRow, DeleteRow, Edit, RenameRow, SetCell
from mergecells.transforms.config_to_yaml import apply_edits
from mergecells.transforms.diff import diff_configs
from mergecells.transforms.prompt_types import MAX_CELL
from mergecells.transforms.tables import table_specs, tables_from_documents
from mergecells.transforms.workbook_settle import settle_tables
from mergecells.transforms.yaml_to_config import load_config

HOOK = """\
---
# Kept.
name: hook
metadata: {type: hook, version: "1"}   # the type
model:
  id: small-1
  options: {temperature: 0.7}
inputs: {company: {sample: Acme}}
---

user:
Write to {{ company }}.
"""
FILE = "prompts/hook.md"


def files(hook: str = HOOK) -> dict[str, bytes]:
    return {**sample_files(), FILE: hook.encode(), "prompts/emails/call.md": b"---\nname: call\n---\nHi\n"}


def applied(given: dict[str, bytes], *edits: Edit) -> dict[str, bytes]:
    loaded = load_config(given)
    assert loaded.config is not None
    return apply_edits(given, table_specs(loaded.documents, loaded.config.manifest), edits)


def rows(given: dict[str, bytes]) -> dict[tuple[str, ...], dict[str, object]]:
    documents = load_config(given).documents
    specs = table_specs(documents, load_config(given).config.manifest)  # type: ignore[union-attr]
    return {key: dict(row.cells) for key, row in tables_from_documents(specs, documents)["Prompts"].rows.items()}


def test_prompts_table_has_a_row_for_each_file() -> None:
    """The path below prompts/ is the key; cells are of the front matter, and the text whole."""
    found = rows(files())
    assert list(found) == [("emails/call",), ("hook",)]
    assert found["hook",] == {
        "type": "hook",
        "description": None,
        "model": "small-1",
        "temperature": 0.7,
        "max tokens": None,
        "body": "\nuser:\nWrite to {{ company }}.\n",
    }


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_prompt_edit_changes_only_its_lines(newline: str, mark: str) -> None:
    """A cell of the front matter and the text; comments, line ends and the byte order mark stay."""
    before = files(mark + HOOK.replace("\n", newline))
    changed = applied(
        before,
        SetCell("Prompts", ("hook",), "temperature", 0.2, 0.7),
        SetCell("Prompts", ("hook",), "body", "\nuser:\nWrite briefly to {{ company }}."),
    )
    expected = HOOK.replace("temperature: 0.7", "temperature: 0.2").replace("Write to", "Write briefly to")
    assert changed == {FILE: (mark + expected.replace("\n", newline)).encode()}


def test_prompt_edit_adds_and_removes_keys() -> None:
    """A blank cell takes the key out; a new one is put in."""
    changed = applied(
        files(),
        SetCell("Prompts", ("hook",), "model", None),
        SetCell("Prompts", ("hook",), "description", "Opens: a mail"),
    )
    result = load_config({**files(), **changed})
    assert result.findings == ()
    assert result.config is not None
    front = result.config.prompts["hook"].front
    assert (front.model.id, front.description, front.model.options.temperature) == (None, "Opens: a mail", 0.7)
    assert b"# Kept." in changed[FILE]


def test_prompt_row_that_is_new_becomes_a_file() -> None:
    """With its name, what its cells say, and the text."""
    cells = {"type": "hook", "model": "small-1", "body": "user:\nHi", "description": None}
    changed = applied(files(), AddRow("Prompts", ("emails/new",), cells))
    assert list(changed) == ["prompts/emails/new.md"]
    assert changed["prompts/emails/new.md"].decode().startswith("---\nname: new\n")
    assert changed["prompts/emails/new.md"].decode().endswith("---\nuser:\nHi\n")
    assert load_config({**files(), **changed}).findings == ()


@pytest.mark.parametrize(
    "edit",
    [
        DeleteRow("Prompts", ("hook",)),
        RenameRow("Prompts", ("hook",), ("hooks",)),
        AddRow("Prompts", ("../evil",), {"body": "x"}),
        AddRow("Prompts", ("partials/x",), {"body": "x"}),
        AddRow("Prompts", ("Big Name",), {"body": "x"}),
    ],
)
def test_prompt_edit_that_a_sheet_cannot_do_is_refused(edit: Edit) -> None:
    """Files are deleted and renamed in git; a row's key is no way out of prompts/."""
    with pytest.raises(UsageError, match="cannot be"):
        applied(files(), edit)


def test_prompt_text_longer_than_a_cell_is_named_and_never_lost() -> None:
    """The cell says so; editing it is refused, so that nothing is cut."""
    long = files(HOOK + "x" * MAX_CELL)
    shown = rows(long)["hook",]["body"]
    assert isinstance(shown, str)
    assert "more than a cell holds" in shown
    with pytest.raises(UsageError, match="longer than a cell"):
        applied(long, SetCell("Prompts", ("hook",), "body", "short"))


@given(st.text(st.sampled_from("ab :#-{}%'\"\n\t=é"), max_size=60).filter(lambda text: text.strip("\n")))
def test_prompt_body_of_any_text_comes_back_as_it_was_typed(text: str) -> None:
    """Whatever the text, it is what the next reading shows, but for line breaks at its end."""
    changed = applied(files(), SetCell("Prompts", ("hook",), "body", text))
    body = rows({**files(), **changed})["hook",]["body"]
    assert isinstance(body, str)
    assert body.rstrip("\n") == text.rstrip("\n")


def test_prompt_cells_as_a_workbook_gives_them_back_are_no_edit() -> None:
    """A cell keeps no line break at its end, and other line ends: neither is a change."""
    given = files(HOOK.replace("\n", "\r\n"))
    documents = load_config(given).documents
    specs = table_specs(documents, load_config(given).config.manifest)  # type: ignore[union-attr]
    base = tables_from_documents(specs, documents)
    ours = tables_from_documents(specs, load_config(files()).documents)
    assert settle_tables(ours, base)["Prompts"].rows == base["Prompts"].rows


def test_diff_tells_changes_of_prompts_in_the_words_of_the_domain() -> None:
    """Cells of the tab, and what no tab shows, with the file and line of each."""
    head = HOOK.replace("sample: Acme", "sample: Beta").replace("0.7", "0.5").replace("Write to", "Write soon to")
    changes = diff_configs(files(), files(head), "a", "b").changes
    told = {(each.area, each.key, each.field, each.file, each.line) for each in changes}
    assert told == {
        ("Prompts", "hook / inputs.company.sample", "", FILE, 8),
        ("Prompts", "hook", "temperature", FILE, 7),
        ("Prompts", "hook", "body", FILE, 10),
    }
