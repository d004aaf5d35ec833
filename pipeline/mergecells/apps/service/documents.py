"""The bodies of requests and answers, as `/openapi.json` describes them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from mergecells.domain.explanation import Explanation


class ScoreAnswer(BaseModel):
    """One scored lead."""

    score: float = Field(description="0 to 100, not rounded.")
    tier: str
    components: dict[str, float] = Field(description="Points of each component; they sum to the score.")
    revision: str = Field(description="The config that scored it; the same as the header X-Config-Revision.")
    date: str = Field(description="What formulas took for today, YYYY-MM-DD.")
    vertical: str | None
    issues: list[str] = Field(description="Values not of their field's type; formulas without a result in 0..1.")
    ignored: list[str] = Field(description="Names in the lead that are no field of the config.")
    explanation: Explanation | None = Field(
        default=None, description="Why, down to factors, formulas, cells and lines; there with `explain=true` only."
    )


class BatchAnswer(BaseModel):
    """The scores of a batch, in the order of its leads, all by one revision."""

    revision: str
    scores: list[ScoreAnswer]


class PlaceInBody(BaseModel):
    pointer: str = Field(description="JSON Pointer (RFC 6901) into the request's body.")
    detail: str


class ProblemAnswer(BaseModel):
    """Problem details, RFC 9457."""

    type: str = Field(description="urn:mergecells:problem:… ; stable.")
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[PlaceInBody] = []


class RejectedAnswer(BaseModel):
    revision: str
    at: str
    reason: str
    findings: list[dict[str, Any]]


class ConfigAnswer(BaseModel):
    """What runs, since when, what was rejected, and a newer revision that `follow` refused before it got here."""

    revision: str | None
    loaded_at: str | None
    status: str
    last_attempt: str | None
    rejected: RejectedAnswer | None
    unpublished: RejectedAnswer | None
    service: str = Field(default="", description="The name that this service tells a hub; left out without a hub.")


EXPLAIN_PARAMETER: dict[str, Any] = {
    "name": "explain",
    "in": "query",
    "required": False,
    "description": "Also say why each lead has its score. The first time at a revision the rules' files are read.",
    "schema": {"type": "boolean", "default": False},
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` entry of a route for its error statuses."""
    return {status: {"model": ProblemAnswer, "content": {"application/problem+json": {}}} for status in statuses}


def body_of(description: str, *examples: Any) -> dict[str, Any]:
    """The `openapi_extra` entry of a route that reads its body itself."""
    shown = {f"form {number}": {"value": example} for number, example in enumerate(examples, 1)}
    return {
        "requestBody": {
            "required": True,
            "description": description,
            "content": {"application/json": {"schema": {}, "examples": shown}},
        }
    }
