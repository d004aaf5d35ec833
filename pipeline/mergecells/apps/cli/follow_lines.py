"""What one step of following did, in a line for people and as JSON for programs."""

from __future__ import annotations

from typing import Any

from mergecells.apps.logs import printable
from mergecells.domain.errors import MergecellsError
from mergecells.domain.revision import short
from mergecells.serving.follow import FollowStep
from mergecells.serving.rejections import RejectedRevision

_LONGEST_REASON = 500


def describe_step(step: FollowStep | MergecellsError) -> list[str]:
    """The lines worth printing; none when nothing happened."""
    if isinstance(step, MergecellsError):
        return [f"failed     {printable(str(step))}"]
    lines = [_refusal(rejection) for rejection in step.rejected]
    if step.kind == "published" and step.revision:
        behind = "" if step.revision == step.head else f", the newest good one below {short(step.head)}"
        lines.append(f"published  {short(step.revision)} in {step.seconds * 1000:,.0f} ms{behind}")
    return lines


def describe_end(step: FollowStep) -> str:
    """What is current after a single step that published nothing."""
    if step.revision is None:
        return "nothing is published: no good revision was found"
    if step.revision == step.head:
        return f"current    {short(step.revision)}, nothing newer"
    return f"current    {short(step.revision)}, kept because {short(step.head)} was rejected"


def step_to_dict(step: FollowStep) -> dict[str, Any]:
    """Plain JSON values."""
    return {
        "kind": step.kind,
        "revision": step.revision,
        "head": step.head,
        "live": step.revision == step.head,
        "seconds": round(step.seconds, 6),
        "rejected": [rejection.model_dump() for rejection in step.rejected],
    }


def _refusal(rejection: RejectedRevision) -> str:
    reason = printable(" ".join(rejection.reason.split()))
    if len(reason) > _LONGEST_REASON:
        reason = reason[: _LONGEST_REASON - 1] + "…"
    return f"rejected   {short(rejection.revision)}: {reason}"
