"""An evaluation in a pull request: nothing of an answer acts, what has no room is counted, what is missing is said."""

from __future__ import annotations

from typing import Any

from mergecells.domain.evaluation import Evaluation, ExampleRun, PromptEvaluation, SideAnswer
from mergecells.transforms.evaluation_render import evaluation_lines, render_evaluation, summary

HOSTILE = "</details>\n```\n@everyone | a\u202e\n# big"


def answer(**more: Any) -> SideAnswer:
    given: dict[str, Any] = {"status": "answered", "model": "m", "text": "t", "input_tokens": 2, "output_tokens": 3}
    return SideAnswer(**{**given, **more})


def evaluated(*slugs: str, **more: Any) -> Evaluation:
    run = ExampleRun(example="e|1", before=answer(), after=answer(**more), words=HOSTILE)
    return Evaluation(prompts=tuple(PromptEvaluation(slug=slug, reason="its text", runs=(run,)) for slug in slugs))


def test_answer_in_markdown_ends_neither_its_fence_nor_its_block() -> None:
    """A fence longer than any of its own, marks that hide are spelled, bars in a table are escaped."""
    lines, used = render_evaluation(evaluated("hook", problems=("It contains '</details>'.",)), 10_000)
    text = "\n".join(lines)
    assert used <= 10_000
    assert text.count("<details>") == 1
    start = lines.index("````")
    inside = lines[start + 1 : lines.index("````", start + 1)]
    assert inside[0] == "</details>"
    assert "\\u202e" in text
    assert "\u202e" not in text
    assert "| `e\\|1` |" in text
    assert "`e|1, after: It contains '</details>'.`" in text
    shown = "\n".join(evaluation_lines(evaluated("hook")))
    assert "\u202e" not in shown


def test_prompts_without_room_are_counted() -> None:
    """The section keeps within its room, give or take the line that counts."""
    lines, _ = render_evaluation(evaluated("a", "b", "c"), 900)
    text = "\n".join(lines)
    assert "**`a`**" in text
    assert "**`c`**" not in text
    assert "… and 2 more prompts" in text or "… and 1 more prompt" in text
    assert render_evaluation(None, 900) == ([], 0)
    assert render_evaluation(Evaluation(), 900) == ([], 0)


def test_nothing_that_is_missing_or_refused_is_good() -> None:
    """Only an answer that is as expected, of the right form and not below the gate is."""
    assert evaluated("a").good
    for more in (
        {"status": "missing"},
        {"status": "failed"},
        {"status": "refused"},
        {"status": "unsent"},
        {"problems": ("It contains 'x'.",)},
        {"valid": False},
        {"passed": False},
    ):
        made = evaluated("a", **more)
        assert not made.good, more
        assert summary(made).startswith("0 of 1 example good")
