"""One call, or one run, as it is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from mergecells.domain.history import NodeCost
from mergecells.domain.llm import NANO, Turn
from mergecells.domain.revision import short
from mergecells.transforms.markdown_escape import visible
from mergecells.transforms.report_page import Column, Page, PageLine, PageTable, render_page_text
from mergecells.transforms.report_words import minute, money, seconds

_LONGEST = 300


def call_lines(turn: Turn) -> list[str]:
    """For people; what is empty is left out."""
    usage, context = turn.usage, turn.context
    cost = "unknown" if usage.cost_est is None else money(round(usage.cost_est * NANO))
    marks = [name for name in ("cached", "fallback", "streamed") if getattr(turn, name)]
    marks += ["truncated"] if usage.truncated else []
    told = {
        "call": turn.call_id,
        "when": f"{minute(turn.at)} UTC, {seconds(turn.seconds)}",
        "outcome": " ".join([turn.outcome, *marks]),
        "error": turn.error,
        "prompt": f"{turn.prompt_slug} ({turn.prompt_sha[:12]})" if turn.prompt_slug else "",
        "revision": short(turn.revision),
        "intent": f"{turn.intent} ({turn.confidence:.2f}) {turn.intent_reason}",
        "model": f"{turn.model} of {turn.provider}",
        "tokens": f"{usage.input_tokens:,} in ({usage.cached_input_tokens:,} cached), {usage.output_tokens:,} out, "
        f"{turn.token_source}",
        "cost": f"{cost} ({turn.cost_source})",
        "safety": " ".join(turn.safety_flags),
        **{key: value for key, value in asdict(context).items() if value},
    }
    lines = [f"{key:<14} {visible(value, _LONGEST)}" for key, value in told.items() if value]
    for number, attempt in enumerate(turn.attempts, 1):
        status = f" {attempt.status}" if attempt.status else ""
        said = f": {attempt.message}" if attempt.message else ""
        text = f"{attempt.model} of {attempt.provider}, {attempt.outcome}{status}, {seconds(attempt.seconds)}{said}"
        lines.append(f"{f'attempt {number}':<14} {visible(text, _LONGEST)}")
    return lines


def call_json(turn: Turn) -> dict[str, Any]:
    """Every value, by the names of the Turn."""
    return asdict(turn)


def run_lines(run_id: str, nodes: Sequence[NodeCost]) -> list[str]:
    """A row for each node, revision and text of its prompt."""
    columns = (
        Column("node", name=True),
        Column("revision", 1, left=True),
        Column("prompt", 3, left=True),
        Column("calls"),
        Column("tokens", 1),
        Column("cost"),
        Column("unknown", 1),
        Column("calls took", 2),
    )
    rows = tuple(
        (
            node.node or "(none)",
            short(node.revision),
            node.prompt_sha[:12],
            f"{node.calls:,}",
            f"{node.input_tokens + node.output_tokens:,}",
            money(node.cost),
            f"{node.unknown_costs:,}",
            seconds(node.seconds),
        )
        for node in nodes
    )
    total = sum(node.cost for node in nodes)
    unknown = sum(node.unknown_costs for node in nodes)
    more = f" and {unknown:,} calls of unknown cost" if unknown else ""
    lasted = max(node.last_at for node in nodes) - min(node.first_at for node in nodes)
    said = PageLine(f"{money(total)}{more}, {seconds(lasted)} from the first call to the last")
    page = Page(f"Run {visible(run_id, 80)}", (said,), (PageTable("Nodes", columns, rows),))
    return render_page_text(page).splitlines()


def run_json(run_id: str, nodes: Sequence[NodeCost]) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "cost_nano_usd": sum(node.cost for node in nodes),
        "unknown_cost_calls": sum(node.unknown_costs for node in nodes),
        "nodes": [{**node._asdict(), "cost_usd": node.cost / NANO, "cost_nano_usd": node.cost} for node in nodes],
    }
