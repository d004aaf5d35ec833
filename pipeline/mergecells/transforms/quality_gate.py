"""Scores → the overall score, and whether they pass the gate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from mergecells.domain.findings import Finding
from mergecells.domain.prompts import Prompt
from mergecells.domain.quality import DIMENSIONS, JUDGE_INPUTS, QUALITY_FILE, Quality
from mergecells.transforms.locate import Locator


def overall_score(scores: Mapping[str, float | None], quality: Quality) -> float | None:
    """The weighted mean of the dimensions that were judged; None when none with a weight was."""
    judged = [
        (dimension.weight, score)
        for name, dimension in quality.dimensions.items()
        if (score := scores.get(name)) is not None
    ]
    weight = sum(each for each, _ in judged)
    return sum(each * score for each, score in judged) / weight if weight else None


def passes(
    overall: float | None, scores: Mapping[str, float | None], valid: bool | None, quality: Quality
) -> bool | None:
    """Whether a result passes; None when nothing of it was judged. A dimension that was not judged does not fail."""
    if quality.valid and valid is False:
        return False
    if overall is None:
        return None
    lowest = ((scores.get(name), dimension.minimum) for name, dimension in quality.dimensions.items())
    return overall >= quality.gate and all(score is None or score >= least for score, least in lowest)


def gate_text(quality: Quality) -> str:
    """The gate in words."""
    least = [f"{name} {one.minimum:g}" for name, one in quality.dimensions.items() if one.minimum]
    parts = [f"overall {quality.gate:g}", *least, *(["valid form"] if quality.valid else [])]
    return ", ".join(parts)


def check_quality(quality: Quality, locator: Locator, file: str = QUALITY_FILE) -> Iterator[Finding]:
    """Weights that weigh nothing; a dimension that nobody weighs but that can fail a result."""
    if not any(dimension.weight for dimension in quality.dimensions.values()):
        message = "No dimension has a weight, so no result can be given a score."
        yield locator.finding(
            "quality.weights", message, "Give at least one a weight above 0.", (file, ("dimensions",))
        )
        return
    for name, dimension in quality.dimensions.items():
        if dimension.minimum and not dimension.weight:
            message = f"{name} has no weight but a minimum of {dimension.minimum:g}: it only ever fails a result."
            at = (file, ("dimensions", name))
            yield locator.finding("quality.weights", message, "Is that meant?", at, key=True, severity="warning")


def check_judge(quality: Quality, prompts: Mapping[str, Prompt], locator: Locator) -> Iterator[Finding]:
    """A judge that is no prompt of this config, or one that cannot answer with scores or be given an answer."""
    if quality.judge is None:
        return
    at = (QUALITY_FILE, ("judge",))
    prompt = prompts.get(quality.judge)
    if prompt is None:
        close = get_close_matches(quality.judge, prompts, n=1)
        hint = f"Did you mean {close[0]}?" if close else "Name a prompt, or leave judge out."
        yield locator.finding("quality.judge", f"The judge {quality.judge} is no prompt.", hint, at)
        return
    stated = (prompt.front.outputs or {}).get("properties")
    missing = [name for name in DIMENSIONS if not isinstance(stated, Mapping) or name not in stated]
    if missing:
        message = f"The judge {quality.judge} does not answer with {', '.join(missing)}."
        yield locator.finding("quality.judge", message, "Give it `outputs` with the four dimensions.", at)
    taken = prompt.front.inputs
    others = [name for name, one in taken.items() if name not in JUDGE_INPUTS and one.required and one.default is None]
    if "answer" not in taken or others:
        what = f"needs {', '.join(others)}" if others else "does not take answer"
        message = f"The judge {quality.judge} {what}; it is given {', '.join(JUDGE_INPUTS)}."
        yield locator.finding("quality.judge", message, "Declare these as its inputs, and no others.", at)
