"""A Plan as the body of a pull request, read back by a real markdown parser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from mergecells.domain.changes import Change, ChangeSet
from mergecells.domain.findings import Finding
from mergecells.domain.plan import ExampleImpact, Plan
from mergecells.transforms.markdown_escape import code_span, table_code_span, visible
from mergecells.transforms.plan_render_markdown import MAX_BODY, render_markdown, render_rest

READER = MarkdownIt("commonmark", {"html": True}).enable("table")
WEIGHT = Change(
    kind="changed",
    area="Factors",
    key="company_info / years_in_business",
    field="weight",
    old=0.7,
    new=0.6,
    file="scoring/rules.yaml",
    line=12,
    cell="Factors!D7",
)
HOSTILE = [
    "@everyone #1 https://evil.example/ www.evil.example a@b.cc",
    "<img src=x onerror=alert(1)><!-- ",
    "a | b | c",
    "``` `` `",
    "`",
    "\\",
    "\\|",
    "a\\|b\\\\|c`|",
    "line\r\n| --- |\n\n# Heading\n- item",
    "[link](javascript:alert(1)) ![x](y) [x]: z",
    "\u202egnp.exe\u2066\u200b\ufeff",
    "&lt;script&gt; &#124;",
    " lead and trail ",
    "**bold** _it_ ~~no~~ $x$ :smile:",
    "=HYPERLINK(\"http://evil\",\"x\")",
    "\x00\x1b[2J\x85\u2028",
]  # fmt: skip


def plan_of(*changes: Change, **facts: object) -> Plan:
    return Plan.model_validate(
        {
            "changes": ChangeSet(base="b" * 40, head="c" * 40, changes=changes, files=("scoring/rules.yaml",)),
            "base_revision": "b" * 40,
            "author": "Ada <ada@example.org>",
            "workbook": "leads.xlsx",
            **facts,
        }
    )


def leaves(text: str) -> Iterator[Token]:
    """Every block token, and every token inside a line."""
    for token in READER.parse(text):
        yield token
        yield from token.children or []


def codes(text: str) -> list[str]:
    return [token.content for token in leaves(text) if token.type == "code_inline"]


def first_row(text: str) -> list[str]:
    """The plain texts of the first table row below the header."""
    tokens = READER.parse(text)
    start = next(i for i, token in enumerate(tokens) if token.type == "tbody_open")
    end = next(i for i, token in enumerate(tokens) if token.type == "tr_close" and i > start)
    return ["".join(c.content for c in t.children or []) for t in tokens[start:end] if t.type == "inline"]


def test_change_is_one_table_row_in_the_domains_words() -> None:
    """Tab, row, column, both values, cell and line."""
    assert first_row(render_markdown(plan_of(WEIGHT))) == [
        "Factors",
        "company_info / years_in_business",
        "set weight",
        "0.7",
        "0.6",
        "Factors!D7",
        "scoring/rules.yaml:12",
    ]


def test_provenance_names_author_workbook_and_base() -> None:
    """Who, from which workbook, on which revision (12 characters)."""
    assert codes(render_markdown(plan_of(WEIGHT)))[-3:] == ["Ada <ada@example.org>", "leads.xlsx", "b" * 12]


def test_impact_shows_tier_moves_first_and_counts_the_rest() -> None:
    """Leads that stay are counted, not listed; a tier move comes before a larger move within a tier."""
    impact = (
        ExampleImpact(name="same", score_before=1, score_after=1 + 1e-12, tier_before="A", tier_after="A"),
        ExampleImpact(name="big", score_before=61, score_after=79, tier_before="B", tier_after="B"),
        ExampleImpact(name="tier", score_before=59.5, score_after=60.5, tier_before="C", tier_after="B"),
    )
    text = render_markdown(plan_of(WEIGHT, impact=impact))
    assert "2 of 3 leads change score, 1 change tier." in text
    assert re.findall(r"^\| `(\w+)` \| \d", text, re.MULTILINE) == ["tier", "big"]
    assert "| `tier` | 59.50 → 60.50 | +1.00 | `C` → **`B`** |" in text


def test_findings_come_with_place_and_errors_first() -> None:
    """Each finding as it stands in every other output."""
    warning = Finding(code="formula.range", severity="warning", message="Above 1.", file="a.yaml", line=1)
    error = Finding(code="rule.weight-sum", message="Sum is 0.9.", file="b.yaml", line=2, cell="Factors!C7")
    text = render_markdown(plan_of(WEIGHT, findings=(warning, error)))
    assert codes(text)[-5:-3] == [str(error), str(warning)]
    assert "1 error, 1 warning." in text


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_cell_text_stays_inside_its_code_span(hostile: str) -> None:
    """No link, image, HTML, mention or extra column comes out of a cell: all of it is code, on one row."""
    change = WEIGHT.model_copy(update={"key": hostile, "old": hostile, "new": hostile, "cell": hostile})
    finding = Finding(code="x.y", message=hostile, hint=hostile)
    impact = ExampleImpact(name=hostile, score_before=1, score_after=2, tier_before=hostile, tier_after="A")
    plan = plan_of(change, findings=(finding,), impact=(impact,), author=hostile, workbook=hostile)
    text = render_markdown(plan)
    tokens = list(leaves(text))
    kinds = {token.type for token in tokens}
    assert not kinds & {"html_inline", "html_block", "link_open", "image", "em_open", "fence", "softbreak", "hardbreak"}
    plain = " ".join(token.content for token in tokens if token.type == "text")
    assert not re.search(r"[@<>#]|http|www|\$x|evil|smile", plain)
    assert len(first_row(text)) == 7
    assert all(char.isprintable() or char == "\n" for char in text)


@given(st.text(max_size=60))
@example("\\|")
@example("` `")
@example(" ")
def test_code_span_gives_the_text_back_exactly(text: str) -> None:
    """A reader of the markdown sees the very characters, invisible ones spelled out."""
    if text:
        assert codes(f"x {code_span(text, None)} y") == [visible(text)]
        table = f"| a | b |\n| --- | --- |\n| {table_code_span(text, None)} | z |\n"
        shown = first_row(table)
        assert len(shown) == 2
        assert shown[0].replace("\\u007c", "|") == visible(text).replace("\\|", "|").replace("\\u007c", "|")


def test_body_of_ten_thousand_changes_fits_and_says_what_is_left_out() -> None:
    """Never over the host's limit; nothing is dropped in silence."""
    changes = [WEIGHT.model_copy(update={"key": f"row {n}", "line": n}) for n in range(10_000)]
    finding = [Finding(code="x.y", message=f"problem {n} " + "x" * 500) for n in range(500)]
    impact = [
        ExampleImpact(name=f"lead {n}", score_before=1, score_after=2, tier_before="A", tier_after="B")
        for n in range(2_000)
    ]
    text = render_markdown(plan_of(*changes, findings=tuple(finding), impact=tuple(impact)))
    assert len(text) <= MAX_BODY
    shown = len(re.findall(r"^\| `Factors`", text, re.MULTILINE))
    left_out = re.search(r"… and ([\d,]+) more changes", text)
    assert left_out
    assert shown + int(left_out[1].replace(",", "")) == 10_000
    assert shown > 100
    assert "more leads" in text
    assert "more findings" in text
    assert "Base revision" in text


@pytest.mark.parametrize("field", ["key", "old", "new", "cell", "area"])
def test_body_with_one_huge_cell_fits(field: str) -> None:
    """A cell of a megabyte is cut with its length said."""
    text = render_markdown(plan_of(WEIGHT.model_copy(update={field: "`" * 1_000_000})))
    assert len(text) <= MAX_BODY
    assert "more characters)" in text


def test_body_of_files_without_row_changes_names_the_files() -> None:
    """A comment moved, or a schema changed: the files are named."""
    text = render_markdown(plan_of())
    assert "No row of a tab changes." in text
    assert "scoring/rules.yaml" in codes(text)


def test_plan_beyond_the_limit_goes_on_in_further_texts() -> None:
    """5,000 changes and 800 findings: every one is in exactly one text, each text fits, and the first says where."""
    changes = [WEIGHT.model_copy(update={"key": f"row-{number:05}", "line": number}) for number in range(5_000)]
    findings = [Finding(code="a.b", message=f"finding-{number:04}", severity="warning") for number in range(800)]
    plan = plan_of(*changes, findings=tuple(findings))
    texts = [render_markdown(plan), *render_rest(plan, most=100)]
    assert max(map(len, texts)) <= MAX_BODY
    assert "on GitHub they follow in comments" in texts[0]
    whole = "\n".join(texts)
    assert sorted(re.findall(r"row-\d{5}", whole)) == [f"row-{number:05}" for number in range(5_000)]
    assert sorted(re.findall(r"finding-\d{4}", whole)) == [f"finding-{number:04}" for number in range(800)]
    assert f"Part {len(texts)} of {len(texts)};" in texts[-1]
    for text in texts[1:]:
        assert text.startswith(("## What changes, continued", "## Findings, continued"))


def test_plan_far_beyond_the_limit_ends_with_a_count() -> None:
    """Ten further texts at the most; what is left is counted, none of the texts is too long for a host's marker."""
    changes = [WEIGHT.model_copy(update={"key": "k" * 150 + str(number)}) for number in range(8_000)]
    parts = render_rest(plan_of(*changes))
    assert len(parts) == 10
    assert max(map(len, parts)) <= MAX_BODY - 100
    assert re.search(r"… and [\d,]+ more lines; the diff", parts[-1])


def test_plan_that_fits_has_no_further_text() -> None:
    """The usual case costs nothing."""
    assert render_rest(plan_of(WEIGHT)) == ()
