"""The tab Prompts shows what the files say beside the rows, and reads none of it back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mergecells.adapters.xlsx_workbook import XlsxWorkbook
from mergecells.authoring.export import export_workbook
from mergecells.domain.config_files import is_config_file
from mergecells.domain.prompts import Prompt
from mergecells.transforms.prompt_facts import examples_text, form_text, inputs_text
from mergecells.transforms.prompt_to_config import parse_prompt
from mergecells.transforms.prompt_types import MAX_CELL
from workbook_sample import edit, filled, find_cell, refill, sound_files

FILE = "prompts/hook.md"
HOOK = """\
---
name: hook
metadata: {type: hook}
inputs:
  company: {description: Who it is for., sample: Acme}
  years: {kind: integer, default: 3}
  tags: {kind: array, required: false, sample: [a, 1]}
outputs:
  type: object
  required: [hook, tone]
  properties:
    hook: {type: string, maxLength: 90, description: The line}
    tone: {enum: [warm, dry]}
    facts:
      type: array
      maxItems: 3
      items: {type: object, required: [year], properties: {year: {type: [integer, "null"]}}}
examples:
  depot:
    description: A depot
    inputs: {company: "=Beta"}
    expected: {contains: [depot], excludes: [best], matches: "^A", min_words: 2, max_words: 35}
  plain: {}
---
{{ company }} {{ years }} {{ tags }}
"""


def parsed(text: str = HOOK) -> Prompt:
    prompt, _, findings = parse_prompt(FILE, text.encode())
    assert prompt is not None, findings
    return prompt


def test_facts_are_told_in_words() -> None:
    """Inputs with kind and sample, the answer's fields as they are nested, examples with what is expected."""
    assert inputs_text(parsed()).splitlines() == [
        "company (string, required). Who it is for. Sample: Acme",
        "years (integer, optional, 3 if left out)",
        'tags (array, optional). Sample: ["a", 1]',
    ]
    assert form_text(parsed()).splitlines() == [
        "JSON",
        "hook: string, at most 90 characters. The line",
        "tone: one of warm, dry",
        "facts: array, at most 3 items, optional",
        "  year: integer or null",
    ]
    assert examples_text(parsed()).splitlines() == [
        "depot: A depot",
        "  company = =Beta",
        "  expected: contains depot",
        "  expected: does not contain best",
        "  expected: matches ^A",
        "  expected: at least 2 words",
        "  expected: at most 35 words",
        "plain",
    ]
    bare = parsed("---\nname: hook\n---\nHello\n")
    assert (inputs_text(bare), form_text(bare), examples_text(bare)) == ("none", "text", "none")


@pytest.mark.parametrize("outputs", ["{type: array, items: {type: string}}", "{$ref: '#/x'}", "{properties: 3}", "{}"])
def test_form_of_any_schema_is_told(outputs: str) -> None:
    """Whatever a schema is, telling it does not fail."""
    assert form_text(parsed(f"---\nname: hook\noutputs: {outputs}\n---\nHello\n")).startswith("JSON")


def test_facts_longer_than_a_cell_are_cut_and_say_so() -> None:
    """The file has all of it."""
    text = examples_text(parsed(HOOK.replace("A depot", "x" * 40_000)))
    assert len(text) == MAX_CELL
    assert text.endswith("see the file.)")


def test_tab_shows_the_facts_and_comes_back_as_it_was(tmp_path: Path) -> None:
    """Locked cells beside the text; what was typed over them is no edit, and the next fill puts it right. A workbook of
    an older version, without these columns, gets them with its next fill."""
    files = {**sound_files(), FILE: HOOK.encode()}
    assert all(map(is_config_file, files))
    source = filled(tmp_path / "w.xlsx", files)

    def cell(title: str) -> Any:
        sheet = source.read().sheets["Prompts"]
        titles = {sheet.at(1, column).value: column for column in range(1, 14)}
        return sheet.at(2, titles[title])

    edit(source.path, lambda workbook: workbook["Prompts"].delete_cols(8, 3))
    older = source.read().sheets["Prompts"]
    assert [older.at(1, column).value for column in (7, 8, 9)] == ["body", "_key", None]
    assert export_workbook(source.read(), files, None).edits == ()
    refill(source, files, files)
    assert str(cell("inputs").value).startswith("company (string, required)")
    assert "maxLength" not in str(cell("answer").value)
    assert "company = =Beta" in str(cell("examples").value)
    assert export_workbook(XlsxWorkbook(source.path).read(), files, None).edits == ()

    def type_over(workbook: Any) -> None:
        find_cell(workbook, "Prompts", "inputs", "hook").value = "none at all"
        find_cell(workbook, "Prompts", "description", "hook").value = "Opens"

    edit(source.path, type_over)
    result = export_workbook(XlsxWorkbook(source.path).read(), files, None)
    assert [each.column for each in result.edits] == ["description"]  # type: ignore[union-attr]
    again = {**files, FILE: HOOK.replace("name: hook", "name: hook\ndescription: Opens", 1).encode()}
    refill(source, again, files)
    assert str(cell("inputs").value).startswith("company (string, required)")
