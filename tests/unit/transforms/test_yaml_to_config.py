"""Reading YAML: plain values with places, everything that is wrong at once, and nothing that could harm."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from mergecells.domain.configset import EXAMPLES_FILE, FIELDS_FILE, RULES_FILE
from mergecells.domain.findings import Finding
from mergecells.transforms.yaml_to_config import load_config, parse_manifest, parse_yaml

GOOD = b"""\
version: "1.0"
tiers:
  A: {min: 80, label: "A"}
  D: {min: 0}
components:
  company_info:
    weight: 1
    factors:
      years: {weight: 1, formula: "=1"}
"""


def places(findings: list[Finding] | tuple[Finding, ...]) -> list[tuple[str, int | None, int | None]]:
    return [(finding.code, finding.line, finding.column) for finding in findings]


def value_of(text: str) -> object:
    document, findings = parse_yaml("a.yaml", f"k: {text}\n".encode())
    assert not findings
    assert document is not None
    return document.value["k"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.30", 0.3),
        ("-7", -7),
        ("1.5e+3", 1500.0),
        (".5", 0.5),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("2024-02-29", "2024-02-29"),
        ("2024-02-30", "2024-02-30"),
        ("1,234", "1,234"),
        ("1.234,5", "1.234,5"),
        ("10 %", "10 %"),
        ("'007'", "007"),
        ('"no"', "no"),
        ('"1e3"', "1e3"),
        ("a&b", "a&b"),
        ("'=IF(a=\"x\",1,0)'", '=IF(a="x",1,0)'),
        ("y", "y"),
        ("123456789012345", 123456789012345),
    ],
)
def test_parse_yaml_scalar_has_the_meaning_that_all_readers_share(text: str, value: object) -> None:
    """Plain scalars by YAML 1.2's core schema where 1.1 agrees; quoted ones are texts; dates are texts."""
    read = value_of(text)
    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize(
    "text",
    ["no", "Yes", "ON", "off", "12:30", "1:30:45.5", "014", "007", "-08", "1e3", "1.0e3", "-.5", "0o14", "0x1F", "0b11",
     "1_000", ".inf", "-.Inf", ".NaN", "=", "1.0e+999", "1234567890123456", "+01", "1_000.5"],
)  # fmt: skip
def test_parse_yaml_scalar_that_readers_see_differently_is_refused_where_it_stands(text: str) -> None:
    """`yaml.ambiguous`, with the place and the advice to quote."""
    _, findings = parse_yaml("a.yaml", f"a: 1\nkey: {text}\n".encode())
    assert places(findings) == [("yaml.ambiguous", 2, 6)]
    assert "quotes" in findings[0].hint


def test_parse_yaml_huge_number_is_never_computed() -> None:
    """A 400 KB sexagesimal number and 400 KB of digits cost nothing (they take seconds to compute)."""
    for text in ("1" + ":59" * 130_000, "9" * 400_000):
        _, findings = parse_yaml("a.yaml", f"a: {text}\n".encode())
        assert [finding.code for finding in findings] == ["yaml.ambiguous"]
        assert len(findings[0].message) < 200


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: {c: 1, c: 2}\na: 3\n", [("yaml.duplicate-key", 2, 11), ("yaml.duplicate-key", 3, 1)]),
        ("a: &x 1\nb: *x\n", [("yaml.anchor", 1, 4), ("yaml.alias", 2, 4)]),
        ("a: !!int 3\nb: !local x\nc: ! d\n", [("yaml.tag", 1, 4), ("yaml.tag", 2, 4), ("yaml.tag", 3, 4)]),
        ('{"a":*x}', [("yaml.alias", 1, 6)]),
        ("a: {}\n<<: {b: 1}\n", [("yaml.merge-key", 2, 1)]),
        ("a: 1\n---\nb: 1\n", [("yaml.multiple-documents", 2, 1)]),
        ("1: a\nno: b\n? [x]\n: c\n", [("yaml.key", 1, 1), ("yaml.ambiguous", 2, 1), ("yaml.key", 3, 3)]),
        ("a: [1, 2\nb: 3\n", [("yaml.syntax", 2, 2)]),
        ("a:\n\t- b\n", [("yaml.syntax", 2, 1)]),
        ("a: b: c\n", [("yaml.syntax", 1, 5)]),
        ('a: "open\nb: 1\n', [("yaml.syntax", 3, 1)]),
    ],
)
def test_parse_yaml_refused_construct_is_found_where_it_stands(text: str, expected: list[tuple[str, int, int]]) -> None:
    """Everything a reviewer would not see, and every syntax error, with line and column."""
    assert places(parse_yaml("a.yaml", text.encode())[1]) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a: 1\nb: \xff\n", [("yaml.encoding", 2, 4)]),
        (b"a: 1\nb: x\x00y\nc: \x07\n", [("yaml.encoding", 2, 5), ("yaml.encoding", 3, 4)]),
        ("a: x\u2028y\n".encode(), [("yaml.encoding", 1, 5)]),
        (b"a: 1\rb: 2\r", [("yaml.encoding", 1, 5), ("yaml.encoding", 1, 10)]),
        ("a: 1\n".encode("utf-16"), [("yaml.encoding", 1, 1)]),
        (b"a: " + b"x" * (17 * 1024 * 1024), [("yaml.too-large", None, None)]),
        (b"a: 1\nb: " + b"x" * (1024 * 1024 + 1), [("yaml.too-large", 2, 4)]),
        (b"- \n" * 600_000, [("yaml.too-large", None, None)]),
    ],
)
def test_parse_yaml_unreadable_bytes_are_found_with_their_place(
    content: bytes, expected: list[tuple[str, int | None, int | None]]
) -> None:
    """Not UTF-8, control characters, line breaks that only some readers see, and oversize."""
    assert places(parse_yaml("a.yaml", content)[1]) == expected


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000, "{a: " * 100_000, "? " * 100_000, "&a [" * 100_000])
def test_parse_yaml_deep_nesting_never_kills_the_process(text: str) -> None:
    """100,000 `[` overflow the stack of PyYAML's C parser; here it is a finding, within seconds."""
    program = (
        "import sys; from mergecells.transforms.yaml_to_config import parse_yaml;"
        "print([f.code for f in parse_yaml('a', sys.stdin.buffer.read())[1]][0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=text.encode(), capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in (b"yaml.too-deep", b"yaml.anchor")


def test_parse_yaml_64_levels_are_read_and_65_are_not() -> None:
    """The limit itself."""
    assert not parse_yaml("a", ("[" * 64 + "]" * 64).encode())[1]
    assert [f.code for f in parse_yaml("a", ("[" * 65 + "]" * 65).encode())[1]] == ["yaml.too-deep"]


@pytest.mark.parametrize(
    "content", ['"a"&x: 1', '["a"*x]', "'a'!t b", '- "a"\n- "b"&x\n', '["a"&x b, 1]', 'k: "a"&x c']
)
def test_parse_yaml_reference_right_after_a_quote_is_no_yaml(content: str) -> None:
    """Only the parser looks there, and it refuses: text that ends with a quote and `&` is common in formulas."""
    document, findings = parse_yaml("f.yaml", content.encode())
    assert document is None
    assert [finding.code for finding in findings] == ["yaml.syntax"]


def test_parse_yaml_alias_bomb_is_refused_at_once() -> None:
    """Nine levels of nine aliases would be 387 million values."""
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    document, findings = parse_yaml("a", "\n".join(lines).encode())
    assert document is None
    assert {finding.code for finding in findings} == {"yaml.anchor", "yaml.alias"}


def test_parse_yaml_with_byte_order_mark_and_crlf_counts_lines_and_columns() -> None:
    """Windows files are read as any other."""
    document, findings = parse_yaml("a.yaml", b"\xef\xbb\xbfa: 1\r\nb:\r\n  c: two\r\n")
    assert not findings
    assert document is not None
    assert document.value == {"a": 1, "b": {"c": "two"}}
    assert document.key_positions["b", "c"] == (3, 3)
    assert document.value_positions["b", "c"] == (3, 6)
    assert document.key_positions["a",] == (1, 1)


def test_load_config_good_files_give_a_config_without_findings() -> None:
    """Fields, examples and verticals may be missing; a vertical is named by its file."""
    result = load_config({RULES_FILE: GOOD, "scoring/verticals/retail.yaml": b"description: Shops\n"})
    assert result.findings == ()
    assert result.config is not None
    assert result.config.rules.rules.tiers["A"].min == 80
    assert result.config.rules.verticals["retail"].description == "Shops"
    assert set(result.documents) == {RULES_FILE, "scoring/verticals/retail.yaml"}


def test_load_config_finds_everything_in_all_files_at_once() -> None:
    """One run reports every problem of every file."""
    rules = GOOD.replace(b"min: 80", b'min: "80"').replace(b"min: 0", b"min: 101").replace(b"weight: 1,", b"wieght: 1,")
    result = load_config(
        {
            RULES_FILE: rules,
            FIELDS_FILE: b"fields:\n  9a: {type: text}\n  b: {type: txt, sample: [1]}\n",
            EXAMPLES_FILE: b"date: 29.2.2024\nexamples:\n  e: {lead: {}}\n",
            "scoring/verticals/lead.yaml": b"{}",
            "scoring/verticals/x.yaml": b"a: [",
        }
    )
    assert result.config is None
    assert [(f.file, *place) for f, place in zip(result.findings, places(result.findings), strict=True)] == [
        (EXAMPLES_FILE, "schema.pattern", 1, 7),
        (EXAMPLES_FILE, "schema.required", 3, 3),
        (FIELDS_FILE, "schema.pattern", 2, 3),
        (FIELDS_FILE, "schema.choice", 3, 13),
        (FIELDS_FILE, "schema.type", 3, 26),
        (RULES_FILE, "schema.type", 3, 12),
        (RULES_FILE, "schema.range", 4, 12),
        (RULES_FILE, "schema.required", 9, 7),
        (RULES_FILE, "schema.unknown-key", 9, 15),
        ("scoring/verticals/lead.yaml", "schema.file-name", None, None),
        ("scoring/verticals/x.yaml", "yaml.syntax", 2, 1),
    ]


def test_load_config_unknown_key_suggests_the_closest() -> None:
    """A misspelling is answered with the right spelling, at any depth."""
    (missing, unknown) = load_config({RULES_FILE: GOOD.replace(b"weight: 1,", b"wieght: 1,")}).findings
    assert unknown.hint == "Did you mean 'weight'?"
    assert "lacks 'weight'" in missing.message


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "schema.empty"),
        (b"# only a comment\n", "schema.empty"),
        (b"- a\n", "schema.type"),
        (b"text\n", "schema.type"),
    ],
)
def test_load_config_rules_without_a_mapping_are_told_so(content: bytes, code: str) -> None:
    """An emptied file is not an empty config."""
    result = load_config({RULES_FILE: content})
    assert result.config is None
    assert [finding.code for finding in result.findings] == [code]


def test_load_config_without_rules_says_what_to_do() -> None:
    """A missing rules file is an error, with the next step."""
    (finding,) = load_config({}).findings
    assert (finding.code, finding.file) == ("schema.missing-file", RULES_FILE)
    assert "init" in finding.hint


def test_load_config_keeps_what_is_usable_beside_a_broken_vertical() -> None:
    """Later checks can go on: the config is there, and so is the error."""
    result = load_config({RULES_FILE: GOOD, "scoring/verticals/a.yaml": b"componets: {}\n"})
    assert result.config is not None
    assert result.config.rules.verticals == {}
    assert [finding.code for finding in result.findings] == ["schema.unknown-key"]


def test_load_config_parses_the_files_of_custom_tabs() -> None:
    """A team's own tab needs its document."""
    manifest = b"version: 1\ntabs:\n  - {tab: Plans, file: scoring/plans.yaml, key: plan, columns: [price]}\n"
    files = {RULES_FILE: GOOD, "mergecells.yaml": manifest, "scoring/plans.yaml": b"basic: {price: 3}\n"}
    assert load_config(files).documents["scoring/plans.yaml"].value == {"basic": {"price": 3}}


def test_parse_manifest_missing_gives_the_defaults_and_broken_says_why() -> None:
    """No manifest is fine; a broken one is a finding beside the defaults."""
    manifest, findings = parse_manifest({})
    assert (manifest.branch, findings) == ("main", [])
    manifest, findings = parse_manifest({"mergecells.yaml": b"branch: 2\nservcies: []\n"})
    assert manifest.branch == "main"
    assert [finding.code for finding in findings] == ["schema.type", "schema.unknown-key"]


def test_load_config_turns_the_garbage_collector_on_again() -> None:
    """It is paused while nodes are built, also when that fails."""
    load_config({RULES_FILE: b"a: ["})
    assert gc.isenabled()
