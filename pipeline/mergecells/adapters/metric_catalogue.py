"""Every metric: its name, kind, help, labels and what bounds them. Programs build theirs from here, docs/metrics.md is
generated from it, and the tests of dashboards and alerts know from it what a label may say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["counter", "gauge", "histogram"]
Program = Literal["all", "service", "hub", "follow", "llm"]
"""Who exports it; `llm`: whichever program calls language models."""

Combine = Literal["all", "liveall", "livemin", "livemax", "livesum", "mostrecent"]
"""How a gauge of several processes becomes one, for programs that embed the library in a pre-forking server."""

FAST: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
MODEL: Final = (0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160)
PEOPLE: Final = (1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 4 * 3600, 24 * 3600, 7 * 24 * 3600)
SHARES: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
POINTS: Final = (10, 20, 30, 40, 50, 60, 70, 80, 90, 100)

Values = tuple[str, ...] | str
"""All values that a label may have, or, in words, what bounds them."""

OUTCOMES: Final = (
    *("ok", "timeout", "connection", "rate_limit", "overloaded", "server_error", "truncated", "content_filter"),
    *("invalid_output", "bad_request", "auth", "not_found", "circuit_open", "budget", "cancelled"),
)
STATES: Final = ("proposed", "unchanged", "refused", "conflict", "merged", "live", "stuck", "failed")
EVENTS: Final = ("push", "pull_request", "pull_request_review", "check_run", "check_suite", "ping", "other")

_PROMPT: Final[Mapping[str, Values]] = {
    "prompt_slug": "prompts of the config, and `conversation`",
    "model": "models of routing.yaml, and `none`",
}
_SHEET: Final[Mapping[str, Values]] = {"sheet": "sheets of the hub: its config roots"}
_SHEET_REVISION: Final[Mapping[str, Values]] = {**_SHEET, "revision": "one at a time"}


@dataclass(frozen=True, slots=True)
class Metric:
    """`name` is without the namespace, and without the `_total` that a counter gets when it is exported."""

    name: str
    kind: Kind
    by: Program
    text: str
    labels: Mapping[str, Values] = field(default_factory=dict)
    buckets: tuple[float, ...] = FAST
    combine: Combine = "all"

    @property
    def exported(self) -> str:
        """As a query names it, a histogram without `_bucket`, `_sum` and `_count`."""
        return f"{self.name}_total" if self.kind == "counter" else self.name

    def series(self) -> tuple[str, ...]:
        """Every name that a query may use."""
        if self.kind == "histogram":
            return tuple(f"{self.name}_{part}" for part in ("bucket", "sum", "count"))
        return (self.exported,)


def _counter(by: Program, name: str, text: str, **labels: Values) -> Metric:
    return Metric(name, "counter", by, text, labels)


def _gauge(by: Program, name: str, text: str, combine: Combine = "all", **labels: Values) -> Metric:
    return Metric(name, "gauge", by, text, labels, combine=combine)


def _histogram(by: Program, name: str, text: str, buckets: tuple[float, ...] = FAST, **labels: Values) -> Metric:
    return Metric(name, "histogram", by, text, labels, buckets)


_ALL: Final = (
    _gauge("all", "build_info", "Always 1; which mergecells this is.", version="one at a time"),
    _counter(
        "all",
        "telemetry_spans",
        "Spans for tracing backends: sent, lost (refused, too late, no room). Nothing where no backend is set.",
        backend=("otlp", "langfuse", "langsmith"),
        result=("sent", "lost"),
    ),
    _counter(
        "service",
        "config_reload",
        "Attempts to load a config.",
        config_type=("scoring",),
        status=("success", "failure"),
    ),
    _histogram(
        "service",
        "config_reload_duration_seconds",
        "From the reading of a config to its serving, or to its rejection.",
        config_type=("scoring",),
    ),
    _gauge(
        "service",
        "config_last_reload_successful",
        "1 when the newest config serves, 0 when an older one had to stay.",
        "livemin",
    ),
    _gauge(
        "service",
        "config_last_reload_success_timestamp_seconds",
        "Unix time since which the revision serves.",
        "livemax",
    ),
    _gauge(
        "service",
        "config_info",
        "Always 1; the label names the revision that serves.",
        "livemax",
        revision="one at a time",
    ),
    _gauge("service", "config_ready", "1 from the first good load on."),
    _gauge("service", "config_head_refused", "1 while `follow` refuses the head of the branch: a check fails there."),
    _counter("service", "scores", "Leads scored, by tier.", tier="tiers of the rules"),
    _histogram("service", "score_points", "Scores, 0 to 100.", POINTS),
    _counter("service", "score_issues", "Leads with a value or a formula's result that did not fit: data drift."),
    _counter(
        "service",
        "http_requests",
        "HTTP requests answered, by service and hub.",
        method=("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"),
        route="templates of the routes, and `unmatched`",
        status="HTTP status codes",
    ),
    _histogram(
        "service",
        "http_request_duration_seconds",
        "Time from a request's headers to the end of its answer, by service and hub.",
        route="templates of the routes, and `unmatched`",
    ),
    _counter(
        "follow",
        "follow_steps",
        "Looks at the branch, by what came of them.",
        result=("published", "unchanged", "rejected", "failed"),
    ),
    _counter("follow", "follow_rejected_revisions", "Revisions that were refused."),
    _histogram("follow", "follow_publish_duration_seconds", "Of the steps that published or refused a revision."),
    _gauge("follow", "follow_last_success_timestamp_seconds", "Unix time of the last look that could be done."),
    _gauge("follow", "follow_lag_seconds", "For how long the branch's head has not been current; 0 when it is."),
    _gauge("follow", "follow_head_refused", "1 while the branch's head is not published: a check fails there."),
    _gauge(
        "follow",
        "follow_revision_published_timestamp_seconds",
        "Unix time of the publishing; the label names what is current.",
        revision="one at a time",
    ),
    _counter("hub", "hub_submissions", "Submissions that reached a state.", state=STATES),
    _histogram(
        "hub",
        "hub_submission_duration_seconds",
        "From the press of the button until the hub was done, it was merged, it was live.",
        PEOPLE,
        until=("settled", "merged", "live"),
    ),
    _counter(
        "hub",
        "hub_findings",
        "Findings of submissions.",
        code="docs/checks.md",
        severity=("error", "warning"),
    ),
    _counter("hub", "hub_pull_requests", "Pull requests.", event=("opened", "updated", "merged", "closed")),
    _counter(
        "hub",
        "hub_sign_ins",
        "Identity tokens, accepted or refused.",
        result="`accepted`, and the kinds of refusal",
    ),
    _counter(
        "hub", "hub_deliveries", "Webhook deliveries.", event=EVENTS, result=("taken", "known", "ignored", "pong")
    ),
    _gauge("hub", "hub_waiting", "Submissions that wait."),
    _gauge("hub", "hub_sessions", "Sessions kept."),
    Metric(
        "hub_release_began_timestamp_seconds",
        "gauge",
        "hub",
        "Unix time at which the hub saw the head of the branch.",
        _SHEET_REVISION,
    ),
    Metric(
        "hub_release_pending_seconds",
        "gauge",
        "hub",
        "For how long the head has not been live on all services; 0 when it is.",
        _SHEET,
    ),
    Metric(
        "hub_release_services",
        "gauge",
        "hub",
        "Services that run the head, and those that do not.",
        {**_SHEET, "state": ("live", "late")},
    ),
    Metric(
        "hub_sheet_drift",
        "gauge",
        "hub",
        "Cells by which sheet and branch differ: behind (the sheet lacks them), ahead (not merged), errors.",
        {**_SHEET, "side": ("behind", "ahead", "errors")},
    ),
    Metric(
        "hub_sheet_drift_timestamp_seconds",
        "gauge",
        "hub",
        "Unix time at which sheet and branch were compared.",
        _SHEET,
    ),
    Metric("prompt_requests", "counter", "llm", "LLM calls, by how they ended.", {**_PROMPT, "status": OUTCOMES}),
    Metric("prompt_duration_seconds", "histogram", "llm", "From a call to its whole answer.", _PROMPT, MODEL),
    _histogram(
        "llm",
        "prompt_first_token_seconds",
        "From a streamed call to its first text.",
        MODEL,
        model="models of routing.yaml, and `none`",
    ),
    Metric(
        "prompt_tokens",
        "counter",
        "llm",
        "Tokens paid for; cached_input is part of input.",
        {**_PROMPT, "token_type": ("input", "output", "cached_input")},
    ),
    Metric(
        "prompt_cost_usd",
        "counter",
        "llm",
        "US dollars; source says how well they are known.",
        {**_PROMPT, "source": ("precise", "heuristic")},
    ),
    Metric("prompt_cost_unknown", "counter", "llm", "Calls whose cost is not known.", _PROMPT),
    Metric("prompt_truncated", "counter", "llm", "Answers that were cut at their limit.", _PROMPT),
    Metric("prompt_fallbacks", "counter", "llm", "Calls that another model than the first answered.", _PROMPT),
    _counter("llm", "prompt_intents", "What calls were about.", intent="intents of routing.yaml, and `none`"),
    _counter(
        "llm",
        "prompt_cache_requests",
        "hit, miss, shared (another call's answer), bypass.",
        result=("hit", "miss", "shared", "bypass"),
    ),
    _counter("llm", "prompt_cache_saved_usd", "US dollars that answers from the cache had cost."),
    _counter("llm", "prompt_cache_saved_tokens", "Tokens of answers from the cache."),
    _counter(
        "llm",
        "provider_attempts",
        "Tries with one model.",
        provider="providers of routing.yaml",
        model="models of routing.yaml, and `none`",
        outcome=OUTCOMES,
    ),
    _histogram("llm", "provider_attempt_duration_seconds", "Of one try.", MODEL, provider="providers of routing.yaml"),
    _gauge(
        "llm",
        "provider_circuit_state",
        "0 closed, 1 half open, 2 open: left alone.",
        "livemax",
        provider="providers of routing.yaml",
    ),
    _gauge(
        "llm",
        "budget_usd",
        "Of day, total and personas: spent, reserved, warn, halt.",
        "mostrecent",
        budget="`day`, `total`, and the first 50 personas as `persona:NAME`",
        amount=("spent", "reserved", "warn", "halt"),
    ),
    _counter(
        "llm",
        "budget_warned_calls",
        "Calls that ended past a budget's warning.",
        scope=("run", "node", "persona", "day", "total"),
    ),
    _counter("llm", "persona_cost_usd", "US dollars, known costs only.", persona="the first 50, and `other`"),
    _counter("llm", "persona_turns", "LLM calls.", persona="the first 50, and `other`"),
    _counter("llm", "workflow_cost_usd", "US dollars, known costs only.", workflow="the first 50, and `other`"),
    _counter("llm", "workflow_turns", "LLM calls.", workflow="the first 50, and `other`"),
    _histogram(
        "llm",
        "quality_score",
        "0 to 1.",
        SHARES,
        prompt_slug="prompts of the config, and `conversation`",
        dimension=("overall", "completeness", "clarity", "testability", "traceability"),
    ),
    _counter(
        "llm",
        "quality_validations",
        "Results that passed or failed.",
        prompt_slug="prompts of the config, and `conversation`",
        result=("passed", "failed"),
    ),
    _counter("llm", "history_records", "Records of calls, by what became of them.", result=("written", "dropped")),
    _gauge("llm", "history_waiting", "Records of calls that wait to be written.", "livesum"),
    _counter("llm", "history_failures", "Attempts to write records that failed."),
)

METRICS: Final[Mapping[str, Metric]] = {metric.name: metric for metric in _ALL}
