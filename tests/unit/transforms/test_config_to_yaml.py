"""Edits of tables patched into YAML: one edit, one small diff; every other byte stays."""

# ruff: noqa: E501 - one case on one line reads better than wrapped
from __future__ import annotations

import difflib

import pytest

from mergecells.domain.configset import EXAMPLES_FILE, FIELDS_FILE, RULES_FILE
from mergecells.domain.errors import ConfigRejectedError, MergecellsError
from mergecells.domain.manifest import CustomTab, Manifest
from mergecells.domain.tables import AddRow, DeleteRow, Edit, MoveRow, RenameRow, SetCell, TableSpec
from mergecells.transforms.config_to_yaml import apply_edits
from mergecells.transforms.tables import table_specs, tables_from_documents
from mergecells.transforms.yaml_to_config import load_config, parse_yaml

RULES = """\
# Owned by sales.
version: "1"

tiers:
  # the best
  A: {min: 80, label: "A"}   # hot
  B: {min: 0.0, label: 'B, cold'}
lists:
  short: [x, 3, true]
  long:
    - one
    # more than one
    - two
components:
  x:
    weight: .5  # half
    factors:
      # how old
      a: {weight: 0.3, formula: "=x"}
      b:   {weight: 0.30}  # aligned

  # --- people ---

  # the rest
  y:
    weight: 0.50
    description: |
      first
      second
    factors:
      c:
        weight: 1   # all
        description: >-
          folded
          text
"""
VERTICAL = "scoring/verticals/retail.yaml"


def specs_of(files: dict[str, bytes], manifest: Manifest | None = None) -> dict[str, TableSpec]:
    return table_specs(load_config(files).documents, manifest or Manifest())


def edit(text: str, *edits: Edit, file: str = RULES_FILE) -> str:
    """The file's new text after the edits."""
    files = {file: text.encode()}
    return apply_edits(files, specs_of(files), edits).get(file, text.encode()).decode()


def changed_lines(before: str, after: str) -> list[str]:
    return [line for line in difflib.ndiff(before.splitlines(True), after.splitlines(True)) if line[0] in "+-"]


F, C = "Factors", "Components"


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([SetCell(F, ("x", "b"), "weight", 0.35)], ["-      b:   {weight: 0.30}  # aligned", "+      b:   {weight: 0.35}  # aligned"]),
        ([SetCell(F, ("x", "b"), "weight", 1.0)], ["-      b:   {weight: 0.30}  # aligned", "+      b:   {weight: 1}  # aligned"]),
        ([SetCell(F, ("x", "a"), "formula", "=y")], ['-      a: {weight: 0.3, formula: "=x"}', '+      a: {weight: 0.3, formula: "=y"}']),
        ([SetCell("Tiers", ("B",), "label", "it's")], ["-  B: {min: 0.0, label: 'B, cold'}", "+  B: {min: 0.0, label: 'it''s'}"]),
        ([SetCell("Tiers", ("A",), "label", 'say "A"')], ['-  A: {min: 80, label: "A"}   # hot', '+  A: {min: 80, label: "say \\"A\\""}   # hot']),
        ([SetCell(F, ("x", "b"), "formula", '=IF(a="1",1,0)')], ["-      b:   {weight: 0.30}  # aligned", "+      b:   {weight: 0.30, formula: '=IF(a=\"1\",1,0)'}  # aligned"]),
        ([SetCell(F, ("x", "a"), "formula", None)], ['-      a: {weight: 0.3, formula: "=x"}', "+      a: {weight: 0.3}"]),
        ([SetCell(F, ("x", "a"), "weight", None)], ['-      a: {weight: 0.3, formula: "=x"}', '+      a: {formula: "=x"}']),
        ([SetCell(C, ("x",), "weight", None)], ["-    weight: .5  # half"]),
        ([SetCell(C, ("x",), "description", "no")], ['+    description: "no"']),
        ([SetCell(C, ("y",), "formula", "=c")], ['+    formula: "=c"']),
        ([SetCell(C, ("y",), "description", "first\nthird\n")], ["-      second", "+      third"]),
        ([SetCell(C, ("y",), "description", None)], ["-    description: |", "-      first", "-      second"]),
        ([SetCell(F, ("y", "c"), "description", "short")], ["-          folded", "-          text", "+          short"]),
        ([SetCell(F, ("y", "c"), "weight", 0.9)], ["-        weight: 1   # all", "+        weight: 0.9   # all"]),
        ([AddRow("Tiers", ("AB",), {"min": 50.0, "label": "Mid"}, ("A",))], ['+  AB: {min: 50, label: "Mid"}']),
        ([AddRow(F, ("y", "d"), {"weight": 0.1}, ("y", "c"))], ["+      d:", "+        weight: 0.1"]),
        ([AddRow(F, ("x", "m"), {"weight": 0.1, "description": "a: b"}, ("x", "b"))], ['+      m: {weight: 0.1, description: "a: b"}']),
        ([AddRow("Lists", ("short", "007"), {}, ("short", "TRUE"))], ["-  short: [x, 3, true]", '+  short: [x, 3, true, "007"]']),
        ([AddRow("Lists", ("long", "no"), {}, ("long", "two"))], ['+    - "no"']),
        ([AddRow("Lists", ("new", "v"), {}, None)], ["+  new:", "+    - v"]),
        ([AddRow("Formulas", ("k",), {"formula": "=1"}, None)], ["+formulas:", '+  k: "=1"']),
        ([DeleteRow(F, ("x", "a"))], ["-      # how old", '-      a: {weight: 0.3, formula: "=x"}']),
        ([DeleteRow(F, ("x", "b"))], ["-      b:   {weight: 0.30}  # aligned"]),
        ([DeleteRow("Tiers", ("A",))], ["-  # the best", '-  A: {min: 80, label: "A"}   # hot']),
        ([DeleteRow("Lists", ("long", "two"))], ["-    # more than one", "-    - two"]),
        ([DeleteRow("Lists", ("short", "3"))], ["-  short: [x, 3, true]", "+  short: [x, true]"]),
        ([DeleteRow("Lists", ("short", "x"))], ["-  short: [x, 3, true]", "+  short: [3, true]"]),
        ([RenameRow(F, ("x", "b"), ("x", "bb"))], ["-      b:   {weight: 0.30}  # aligned", "+      bb:   {weight: 0.30}  # aligned"]),
        ([RenameRow("Tiers", ("A",), ("no",))], ['-  A: {min: 80, label: "A"}   # hot', '+  "no": {min: 80, label: "A"}   # hot']),
        ([RenameRow("Lists", ("long", "one"), ("long", "'1"))], ["-    - one", '+    - "1"']),
        ([RenameRow("Lists", ("long", "one"), ("long", "1"))], ["-    - one", "+    - 1"]),
        ([RenameRow(C, ("x",), ("z",)), RenameRow(F, ("x", "a"), ("z", "a"))], ["-  x:", "+  z:"]),
        ([MoveRow("Tiers", ("B",), None)], ["+  B: {min: 0.0, label: 'B, cold'}", "-  B: {min: 0.0, label: 'B, cold'}"]),
        ([MoveRow("Tiers", ("B",), ("A",))], []),
        ([DeleteRow(F, ("z", "q"))], []),
    ],
)  # fmt: skip
def test_apply_edits_changes_only_the_lines_that_say_it(edits: list[Edit], expected: list[str]) -> None:
    """Each edit gives the smallest diff, in the style of what stands there; on Windows line endings, too."""
    for text in (RULES, RULES.replace("\n", "\r\n")):
        result = edit(text, *edits)
        lines = [line[0] + line[2:].rstrip("\r\n") for line in changed_lines(text, result)]
        assert sorted(lines) == sorted(expected)
        assert ("\r\n" in result) == (result.count("\n") == result.count("\r\n")) == ("\r\n" in text)


def test_apply_edits_without_edits_changes_no_file() -> None:
    """No edit, no file, not even one rewritten the same."""
    files = {RULES_FILE: RULES.encode()}
    assert apply_edits(files, specs_of(files), []) == {}
    assert apply_edits(files, specs_of(files), [SetCell(F, ("x", "b"), "formula", None)]) == {}


def test_apply_edits_delete_of_a_component_keeps_the_heading_above_it() -> None:
    """The comment directly above goes with the row; one set apart by a blank line stays."""
    result = edit(RULES, DeleteRow(C, ("y",)), DeleteRow(F, ("y", "c")))
    assert result.endswith("      b:   {weight: 0.30}  # aligned\n\n  # --- people ---\n\n")
    assert "the rest" not in result


def test_apply_edits_move_of_a_component_takes_its_comment_along() -> None:
    """The lines of the row, its comment and the blank line between rows move; its heading stays."""
    result = edit(RULES, MoveRow(C, ("y",), None))
    assert result.index("  # the rest\n  y:\n") < result.index("  x:\n")
    assert sorted(filter(None, result.split("\n"))) == sorted(filter(None, RULES.split("\n")))


def test_apply_edits_delete_of_all_rows_leaves_valid_yaml() -> None:
    """An emptied mapping is `{}`, never a key with nothing below; an emptied list goes."""
    result = edit(RULES, DeleteRow("Tiers", ("A",)), DeleteRow("Tiers", ("B",)))
    assert 'version: "1"\n\ntiers: {}\nlists:' in result
    assert edit("lists:\n  a: [x]\n  b: [y]\n", DeleteRow("Lists", ("a", "x"))) == "lists:\n  b: [y]\n"
    result = edit("tiers:  # what we call leads\n  A: {min: 0}\n", DeleteRow("Tiers", ("A",)))
    assert result == "tiers: {}  # what we call leads\n"


@pytest.mark.parametrize("empty", ["", " {}", " null", "  # none yet", " {}  # none yet"])
def test_apply_edits_adds_the_first_row_to_an_empty_part(empty: str) -> None:
    """`tiers:`, `tiers: {}` and null all take rows; the comment stays on its line."""
    result = edit(f'version: "1"\ntiers:{empty}\n', AddRow("Tiers", ("A",), {"min": 0.0}))
    note = "  # none yet" if "#" in empty else ""
    assert result == f'version: "1"\ntiers:{note}\n  A: {{min: 0}}\n'


def test_apply_edits_makes_files_that_are_missing() -> None:
    """A first field or example makes its file, with nothing in it but the row."""
    files = {RULES_FILE: RULES.encode()}
    edits: list[Edit] = [
        AddRow("Lead", ("years",), {"type": "number", "sample": 3.0}),
        AddRow("Examples", ("big one",), {"tier": "A", "score": 90.5}),
    ]
    result = apply_edits(files, specs_of(files), edits)
    assert (
        result
        == {
            FIELDS_FILE: b"fields:\n  years: {type: number, sample: 3}\n",
            EXAMPLES_FILE: b"examples:\n  big one: {tier: A, score: 90.5}\n",
        }
        or result[EXAMPLES_FILE] == b"examples:\n  big one:\n    tier: A\n    score: 90.5\n"
    )


def test_apply_edits_sets_lead_values_inside_an_example() -> None:
    """Cells below the row's own mapping: added, changed, removed, in block and in flow."""
    fields = b"fields:\n  years: {type: number}\n  web: {type: text}\n"
    text = b"examples:\n  one:\n    tier: A\n    lead:\n      years: 3\n  two: {tier: B, lead: {web: x}}\n"
    files = {RULES_FILE: RULES.encode(), FIELDS_FILE: fields, EXAMPLES_FILE: text}
    edits: list[Edit] = [
        SetCell("Examples", ("one",), "web", "0123"),
        SetCell("Examples", ("two",), "years", 4.5),
        SetCell("Examples", ("two",), "web", None),
        AddRow("Examples", ("three",), {"tier": "A", "years": True}, ("two",)),
    ]
    assert apply_edits(files, specs_of(files), edits)[EXAMPLES_FILE].decode() == (
        'examples:\n  one:\n    tier: A\n    lead:\n      years: 3\n      web: "0123"\n'
        "  two: {tier: B, lead: {years: 4.5}}\n  three: {tier: A, lead: {years: true}}\n"
    )


@pytest.mark.parametrize(
    ("before", "edits", "after"),
    [
        ("components:\n  c:\n    factors:\n      a: null\n", [SetCell("retail", ("c", "a"), "weight", 0.5), SetCell("retail", ("c", "a"), "remove", None)], "components:\n  c:\n    factors:\n      a: {weight: 0.5}\n"),
        ("components: {c: {factors: {a: {weight: 1}}}}\n", [SetCell("retail", ("c", "a"), "remove", True)], "components: {c: {factors: {a: null}}}\n"),
        ("components:\n  c:\n    weight: 1\n", [SetCell("retail", ("c", ""), "remove", True)], "components:\n  c: null\n"),
        ("components: {}\n", [AddRow("retail", ("c", ""), {"remove": True})], "components:\n  c: null\n"),
        ("components:\n  c: null\n", [SetCell("retail", ("c", ""), "remove", None)], "components:\n  c: {}\n"),
        ("components:\n  c:\n    weight: 1\n    factors: {a: null}\n", [DeleteRow("retail", ("c", ""))], "components:\n  c:\n    factors: {a: null}\n"),
        ("components:\n  c:\n    weight: 1\n    factors: {a: null}\n", [DeleteRow("retail", ("c", "a"))], "components:\n  c:\n    weight: 1\n"),
        ("components:\n  c:\n    factors: {a: null}\n  d: null\n", [DeleteRow("retail", ("c", "a"))], "components:\n  d: null\n"),
        ("description: x\n", [AddRow("retail", ("c", "a"), {"weight": 0.5})], "description: x\ncomponents:\n  c:\n    factors:\n      a: {weight: 0.5}\n"),
        ("components:\n  c:\n    weight: 1\n    factors: {a: null}\n", [RenameRow("retail", ("c", ""), ("d", ""))], "components:\n  c:\n    factors: {a: null}\n  d:\n    weight: 1\n"),
        ("components:\n  c:\n    weight: 1\n  d:\n    factors: {a: null}\n", [RenameRow("retail", ("c", ""), ("d", ""))], "components:\n  d:\n    weight: 1\n    factors: {a: null}\n"),
        ("components:\n  c:\n    factors: {a: {weight: 1}}\n", [AddRow("retail", ("c", ""), {"remove": True}), SetCell("retail", ("c", "a"), "weight", 0.5)], "components:\n  c: null\n"),
        ("components:\n  c:\n    weight: 1\n    factors: {a: null}\n", [RenameRow("retail", ("c", ""), ("d", "")), RenameRow("retail", ("c", "a"), ("d", "b"))], "components:\n  d:\n    weight: 1\n    factors: {b: null}\n"),
    ],
)  # fmt: skip
def test_apply_edits_of_a_vertical_says_null_for_what_it_removes(before: str, edits: list[Edit], after: str) -> None:
    """A blank factor is the component itself; `remove` is null in the file; nothing empty is left behind."""
    files = {RULES_FILE: RULES.encode(), VERTICAL: before.encode()}
    assert apply_edits(files, specs_of(files), edits)[VERTICAL].decode() == after


@pytest.mark.parametrize(
    "edits",
    [
        [SetCell("retail", ("c", ""), "weight", 0.5)],
        [AddRow("retail", ("c", "a"), {"weight": 0.5})],
        [AddRow("retail", ("d", "a"), {"weight": 0.5, "remove": True})],
    ],
)
def test_apply_edits_of_what_a_vertical_removes_is_refused(edits: list[Edit]) -> None:
    """A cell beside `remove` has no place in the file: it is refused, not dropped."""
    files = {RULES_FILE: RULES.encode(), VERTICAL: b"components:\n  c: null\n"}
    with pytest.raises(MergecellsError, match="is removed"):
        apply_edits(files, specs_of(files), edits)


def test_apply_edits_rename_of_a_component_in_factors_alone_makes_a_new_component() -> None:
    """Components says what components there are: a name that only Factors has is a new, unfinished component."""
    result = edit(RULES, RenameRow(F, ("y", "c"), ("z", "c")))
    assert "  y:\n" in result
    assert result.endswith("    factors: {}\n  z:\n    factors:\n" + RULES[RULES.index("      c:\n") :])


def test_apply_edits_rename_swap_and_rename_onto_a_deleted_name() -> None:
    """Renames happen at once, after deletes."""
    swapped = edit(
        "tiers:\n  A: {min: 1}\n  B: {min: 0}\n", RenameRow("Tiers", ("A",), ("B",)), RenameRow("Tiers", ("B",), ("A",))
    )
    assert swapped == "tiers:\n  B: {min: 1}\n  A: {min: 0}\n"
    taken = edit(
        "tiers:\n  A: {min: 1}\n  B: {min: 0}\n", DeleteRow("Tiers", ("B",)), RenameRow("Tiers", ("A",), ("B",))
    )
    assert taken == "tiers:\n  B: {min: 1}\n"


def test_apply_edits_rename_of_a_list_keeps_its_lines() -> None:
    """When every item goes to one new list, the list's own key is renamed."""
    before = "lists:\n  # places\n  here:\n    - a\n    - b\n"
    edits = [RenameRow("Lists", ("here", "a"), ("there", "a")), RenameRow("Lists", ("here", "b"), ("there", "b"))]
    assert edit(before, *edits) == before.replace("here", "there")


def test_apply_edits_of_a_custom_tab_writes_below_its_root() -> None:
    """A team's own tab takes the same path."""
    tab = CustomTab(tab="Plans", file="plans.yaml", root="eu.plans", key="plan", columns=["price", "note"])
    manifest = Manifest(tabs=[tab])
    files = {RULES_FILE: RULES.encode(), "plans.yaml": b"eu:\n  plans:\n    basic: {price: 3}\n"}
    specs = table_specs({}, manifest)
    edits: list[Edit] = [
        SetCell("Plans", ("basic",), "note", "10 %"),
        AddRow("Plans", ("pro",), {"price": "9"}, ("basic",)),
    ]
    result = apply_edits(files, specs, edits)["plans.yaml"]
    assert result == b'eu:\n  plans:\n    basic: {price: 3, note: "10 %"}\n    pro: {price: "9"}\n'


TRAPS = [
    "007", "'007", "1e3", "12345678901234567890", "1,234", "1.234,5", "10 %", "43831", "2024-02-29", "TRUE", "true", "No",
    "y", "12:30", "014", "0o14", "=", "~", "null", " blank", "blank ", "\u00a0nbsp", "e\u0301", "é", "#N/A", "=text", "it's",
    'a "b"', "a: b", "a #b", "- a", "? a", "! a", "&a", "*a", "@a", "`a", "%a", "|", ">", "[", "]", "{", "}", ",", "a\nb",
    "a\n\n b \n", "\t", "a\tb", "\u2028", "\x85", "\ufeff", "\U0001f600", "---", "...", "a:", ":a", "\\", "<<", ".inf", "+1", "\x07",
]  # fmt: skip


@pytest.mark.parametrize("old", ["plain", "'single'", '"double"', "|\n      block\n      more\n", ">-\n      folded\n"])
@pytest.mark.parametrize("style", ["block", "flow"])
def test_apply_edits_text_of_any_kind_reads_back_as_this_text(old: str, style: str) -> None:
    """All type traps, in every quoting style that may stand there; nothing else of the file changes."""
    if style == "flow" and old[0] in "|>":
        return
    line = old if old.endswith("\n") else old + "\n"
    text = f"components:\n  c:\n    description: {line}    weight: 1\n"
    if style == "flow":
        text = f"components:\n  c: {{description: {old}, weight: 1}}\n"
    for trap in TRAPS:
        result = edit(text, SetCell(C, ("c",), "description", trap))
        document, findings = parse_yaml(RULES_FILE, result.encode())
        assert not findings
        assert document is not None
        assert document.value == {"components": {"c": {"description": trap, "weight": 1}}}


@pytest.mark.parametrize(
    "number", [0.0, 1.0, 0.1 + 0.2, 1e-07, 1e22, 123456789012345.0, -0.5, 3.0, 1.5e300, 2**53 + 0.0]
)
def test_apply_edits_number_reads_back_exactly(number: float) -> None:
    """Shortest text that reads back as the same number, without what readers disagree on."""
    files = {FIELDS_FILE: b"fields:\n  f: {type: number, sample: 5}\n"}
    specs = specs_of(files)
    result = apply_edits(files, specs, [SetCell("Lead", ("f",), "sample", number)])
    documents = {FIELDS_FILE: parse_yaml(FIELDS_FILE, result[FIELDS_FILE])[0]}
    assert documents[FIELDS_FILE] is not None
    assert tables_from_documents(specs, documents)["Lead"].rows["f",].cells["sample"] == number  # type: ignore[arg-type]


def test_apply_edits_keeps_byte_order_mark_and_missing_newline_at_the_end() -> None:
    """What an editor on Windows wrote stays as it is."""
    before = b"\xef\xbb\xbftiers:\r\n  A: {min: 1}"
    files = {RULES_FILE: before}
    specs = specs_of(files)
    edits: list[Edit] = [AddRow("Tiers", ("B",), {"min": 0.0}, ("A",))]
    assert apply_edits(files, specs, edits)[RULES_FILE] == before + b"\r\n  B: {min: 0}"


def test_apply_edits_of_a_multi_line_flow_keeps_its_layout() -> None:
    """Flow mappings over several lines, with comments and trailing commas."""
    before = "tiers: {\n  A: {min: 1},  # top\n  B: {min: 0},\n}\n"
    assert edit(before, SetCell("Tiers", ("B",), "min", 0.5)) == before.replace("min: 0}", "min: 0.5}")
    assert edit(before, AddRow("Tiers", ("C",), {"min": 0.0}, ("B",))) == before.replace(
        "0},\n}", "0},\n  C: {min: 0},\n}"
    )
    assert parse_yaml("a", edit(before, DeleteRow("Tiers", ("A",))).encode())[0].value == {"tiers": {"B": {"min": 0}}}  # type: ignore[union-attr]


def test_apply_edits_of_a_file_that_does_not_parse_is_refused() -> None:
    """What cannot be read is never rewritten."""
    specs = specs_of({RULES_FILE: RULES.encode()})
    with pytest.raises(ConfigRejectedError) as refusal:
        apply_edits({RULES_FILE: b"tiers: ["}, specs, [SetCell("Tiers", ("A",), "min", 3.0)])
    assert [finding.code for finding in refusal.value.findings] == ["yaml.syntax"]


def test_apply_edits_of_a_row_that_is_not_there_is_refused() -> None:
    """A cell without a row is an error of the caller, not a guess."""
    with pytest.raises(MergecellsError, match="no row"):
        edit(RULES, SetCell("Tiers", ("Z",), "min", 3.0))
