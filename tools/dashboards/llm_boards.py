# ruff: noqa: E501 - a panel reads best in few lines
"""Calls of language models: cost, quality, personas and workflows."""

from __future__ import annotations

from typing import Final

from dashboards.model import RATE, Dashboard, counted, lines, q, quantile, rate, stat

_ASKED: Final = '{result=~"hit|shared|miss"}'
_MISSED: Final = '{result="miss"}'
_OVERALL: Final = '{dimension="overall"}'
_PASSED: Final = '{result="passed"}'
_VALIDATED: Final = counted("quality_validations_total", "prompt_slug")
_UNJUDGED: Final = "Nothing was judged in an hour: see docs/reports.md, Quality."


def _mean(by: str, more: str = "") -> str:
    """Mean quality of an hour."""
    return f"{counted('quality_score_sum', by, more)} / {counted('quality_score_count', by, more)}"


LLM: Final = Dashboard(
    "llm-and-cost",
    "mergecells: LLM and cost",
    "What calls cost, how they end, what the cache and the fallbacks do.",
    (
        lines(
            "Calls", "reqps", "By how they ended.", q(rate("prompt_requests_total", "status"), "{{status}}"),
            stacked=True,
        ),
        lines(
            "Failed calls", "percentunit", "By prompt: what no model of the route could answer.",
            q(
                f'sum by (prompt_slug) (rate(mergecells_prompt_requests_total{{status!="ok"}}[{RATE}]))'
                f" / sum by (prompt_slug) (rate(mergecells_prompt_requests_total[{RATE}]))",
                "{{prompt_slug}}",
            ),
            thresholds=((0.05, "red"),),
        ),
        lines(
            "Cost by prompt", "currencyUSD", "US dollars in an hour.",
            q(counted("prompt_cost_usd_total", "prompt_slug"), "{{prompt_slug}}"), stacked=True,
        ),
        lines(
            "Cost by model", "currencyUSD", "US dollars in an hour.",
            q(counted("prompt_cost_usd_total", "model"), "{{model}}"), stacked=True,
        ),
        lines(
            "How well costs are known", "currencyUSD", "precise: the provider's tokens. heuristic: our count.",
            q(counted("prompt_cost_usd_total", "source"), "{{source}}"), stacked=True,
        ),
        lines(
            "Calls of unknown cost", "short", "In an hour: no price in prices.yaml. They are in no sum.",
            q(counted("prompt_cost_unknown_total", "model"), "{{model}}"),
            thresholds=((1.0, "yellow"),), empty="Every cost is known.",
        ),
        lines("Tokens", "cps", "Paid for, by kind.", q(rate("prompt_tokens_total", "token_type"), "{{token_type}}")),
        lines(
            "Time of a call", "s", "p50 and p95 by model, to the whole answer.",
            q(quantile(0.5, "prompt_duration_seconds", "model"), "p50 {{model}}"),
            q(quantile(0.95, "prompt_duration_seconds", "model"), "p95 {{model}}"),
            thresholds=((30, "red"),),
        ),
        lines(
            "Time to the first text", "s", "p95 of streamed calls by model.",
            q(quantile(0.95, "prompt_first_token_seconds", "model"), "{{model}}"), empty="No call was streamed.",
        ),
        lines(
            "Answers from the cache", "percentunit", "Hits and shared answers of those that asked it.",
            q(
                f"1 - {counted('prompt_cache_requests_total', more=_MISSED)}"
                f" / {counted('prompt_cache_requests_total', more=_ASKED)}",
                "hit rate",
            ),
            highest=1,
        ),
        lines(
            "Cache", "reqps", "By what came of asking it.",
            q(rate("prompt_cache_requests_total", "result"), "{{result}}"),
        ),
        stat(
            "Saved by the cache, 24 hours", "currencyUSD", "What its answers had cost.",
            q(counted("prompt_cache_saved_usd_total", window="24h"), "saved"),
        ),
        stat(
            "Tokens saved, 24 hours", "short", "Of answers from the cache.",
            q(counted("prompt_cache_saved_tokens_total", window="24h"), "saved"),
        ),
        lines(
            "Tries with providers", "reqps", "By what came of them.",
            q(rate("provider_attempts_total", "provider, outcome"), "{{provider}} {{outcome}}"),
        ),
        lines(
            "Time of a try", "s", "p95 by provider.",
            q(quantile(0.95, "provider_attempt_duration_seconds", "provider"), "{{provider}}"),
        ),
        stat(
            "Circuits", "none", "Open: the provider is left alone for a while.",
            q("max by (provider) (mergecells_provider_circuit_state)", "{{provider}}"),
            thresholds=((1.0, "yellow"), (2, "red")), words=((0, "closed"), (1, "half open"), (2, "open")),
            empty="No provider has failed often enough.",
        ),
        lines(
            "Fallbacks and cut answers", "short", "In an hour: answered by another model than the first; cut at a limit.",
            q(counted("prompt_fallbacks_total", "prompt_slug"), "fallback {{prompt_slug}}"),
            q(counted("prompt_truncated_total", "prompt_slug"), "cut {{prompt_slug}}"),
            empty="The first model answered each call, whole.",
        ),
        lines(
            "Budgets", "percentunit", "Spent and reserved, as a share of the halt.",
            q(
                'max by (budget) (sum without (amount) (mergecells_budget_usd{amount=~"spent|reserved"})'
                ' / ignoring (amount) mergecells_budget_usd{amount="halt"})',
                "{{budget}}",
            ),
            thresholds=((0.8, "yellow"), (1, "red")),
        ),
        lines(
            "Calls past a warning", "short", "In an hour, by the scope of the budget.",
            q(counted("budget_warned_calls_total", "scope"), "{{scope}}"),
        ),
        lines(
            "History", "cps", "Records of calls: written, dropped. Reports lack what is dropped.",
            q(rate("history_records_total", "result"), "{{result}}"),
            q(f"sum(rate(mergecells_history_failures_total[{RATE}]))", "failed attempts"),
        ),
        stat(
            "Records that wait", "short", "To be written to the history. Of 10,000 on new ones are dropped.",
            q("sum(mergecells_history_waiting)", "waiting"), thresholds=((1000, "yellow"), (8000, "red")),
        ),
    ),
)  # fmt: skip

QUALITY: Final = Dashboard(
    "quality",
    "mergecells: quality",
    "How good results are, and whether that moved with a revision (marked).",
    (
        lines(
            "Quality by prompt", "percentunit", "Mean overall score of an hour.",
            q(_mean("prompt_slug", _OVERALL), "{{prompt_slug}}"), highest=1, empty=_UNJUDGED,
        ),
        lines(
            "Quality by dimension", "percentunit", "Mean of an hour, all prompts.",
            q(_mean("dimension"), "{{dimension}}"), highest=1, empty=_UNJUDGED,
        ),
        lines(
            "Worst tenth", "percentunit", "p10 of the overall score by prompt.",
            q(
                f"histogram_quantile(0.1, {counted('quality_score_bucket', 'prompt_slug, le', _OVERALL)})",
                "{{prompt_slug}}",
            ),
            highest=1, empty=_UNJUDGED,
        ),
        lines(
            "Checks passed", "percentunit", "Results that passed their checks, by prompt.",
            q(
                f"({counted('quality_validations_total', 'prompt_slug', _PASSED)} or 0 * {_VALIDATED}) / {_VALIDATED}",
                "{{prompt_slug}}",
            ),
            highest=1, empty=_UNJUDGED,
        ),
        lines(
            "Results judged", "short", "In an hour: a mean of few says little.",
            q(
                counted("quality_score_count", "prompt_slug", _OVERALL),
                "{{prompt_slug}}",
            ),
            empty=_UNJUDGED,
        ),
    ),
)  # fmt: skip

PEOPLE: Final = Dashboard(
    "personas-and-workflows",
    "mergecells: personas and workflows",
    "Who calls for what, and what that costs. The first fifty of each have a name, the others are `other`.",
    (
        lines("Calls by persona", "reqps", "Who calls.", q(rate("persona_turns_total", "persona"), "{{persona}}"), stacked=True),
        lines(
            "Cost by persona", "currencyUSD", "US dollars in an hour, known costs.",
            q(counted("persona_cost_usd_total", "persona"), "{{persona}}"), stacked=True,
        ),
        lines(
            "Cost of a call by persona", "currencyUSD", "Mean of an hour.",
            q(
                f"{counted('persona_cost_usd_total', 'persona')} / {counted('persona_turns_total', 'persona')}",
                "{{persona}}",
            ),
        ),
        lines(
            "Budgets of personas", "currencyUSD", "Spent, against the halt.",
            q('max by (budget) (mergecells_budget_usd{budget=~"persona:.*", amount="spent"})', "{{budget}} spent"),
            q('max by (budget) (mergecells_budget_usd{budget=~"persona:.*", amount="halt"})', "{{budget}} halt"),
            empty="No persona with a budget has called.",
        ),
        lines(
            "Calls by workflow", "reqps", "The stage or workflow that a run is of.",
            q(rate("workflow_turns_total", "workflow"), "{{workflow}}"), stacked=True,
        ),
        lines(
            "Cost by workflow", "currencyUSD", "US dollars in an hour, known costs.",
            q(counted("workflow_cost_usd_total", "workflow"), "{{workflow}}"), stacked=True,
        ),
        lines(
            "Intents", "reqps", "What calls were about.", q(rate("prompt_intents_total", "intent"), "{{intent}}"),
            stacked=True,
        ),
    ),
)  # fmt: skip
