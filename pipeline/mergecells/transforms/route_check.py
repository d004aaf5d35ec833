"""Routes, budgets and prices: names that lead nowhere, ladders without an end, rules that do nothing."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from mergecells.domain.budgets import BUDGETS_FILE, Budgets
from mergecells.domain.configset import ConfigSet
from mergecells.domain.findings import Finding
from mergecells.domain.locations import DocumentPath
from mergecells.domain.prices import PRICES_FILE
from mergecells.domain.routing import AMBIGUOUS, INTENTS, ROUTING_FILE, DetectionRule, Intent, Routing
from mergecells.formula.regex import RegexError, compile_regex
from mergecells.formula.regex.program import Check, Fork, Found, Instruction, Jump, Save, Take
from mergecells.transforms.locate import Locator
from mergecells.transforms.price_table import bundled_table_is_there, is_in_bundled_table

_NESTED = ("node", "run", "day", "total")
"""Each scope spends within the next."""


def check_routing(routing: Routing, locator: Locator, slugs: frozenset[str] | None, file: str) -> Iterator[Finding]:
    """Everything about the routes; `slugs` are those of the prompts, None where they are not known."""
    for name, model in routing.models.items():
        if model.provider not in routing.providers:
            at: tuple[str, DocumentPath] = (file, ("models", name, "provider"))
            hint = f"Providers are: {', '.join(routing.providers) or 'none'}."
            yield locator.finding("route.unknown-provider", f"There is no provider {model.provider!r}.", hint, at)
        if model.max_output_tokens > model.context_tokens:
            at = (file, ("models", name, "max_output_tokens"))
            message = f"{name} answers with more tokens than its context holds."
            yield locator.finding("route.limits", message, "Lower max_output_tokens.", at)
    for name, provider in routing.providers.items():
        if provider.kind == "openai-compatible" and provider.base_url is None:
            at = (file, ("providers", name))
            yield locator.finding(
                "route.base-url", f"{name} has no base_url.", "Say where the server is.", at, key=True
            )
    if routing.classifier is not None and slugs is not None and routing.classifier not in slugs:
        close = get_close_matches(routing.classifier, slugs, n=1)
        hint = f"Did you mean {close[0]}?" if close else "Name a prompt, or leave classifier out."
        message = f"The classifier {routing.classifier} is no prompt."
        yield locator.finding("route.unknown-classifier", message, hint, (file, ("classifier",)))
    for name, intent in routing.intents.items():
        yield from _check_intent(routing, name, intent, locator, slugs, file)


def _check_intent(
    routing: Routing, name: str, intent: Intent, locator: Locator, slugs: frozenset[str] | None, file: str
) -> Iterator[Finding]:
    path: DocumentPath = ("intents", name)
    if name not in INTENTS and slugs is not None and name not in slugs:
        hint = f"Intents are {', '.join(INTENTS)} and the prompts' names."
        message = f"{name!r} is neither an intent nor a prompt."
        yield locator.finding("route.unknown-intent", message, hint, (file, path), key=True, severity="warning")
    for model in intent.ladder:
        if model not in routing.models:
            hint = f"Models are: {', '.join(routing.models) or 'none'}."
            at = (file, (*path, "ladder", model))
            yield locator.finding("route.unknown-model", f"There is no model {model!r}.", hint, at, key=True)
    yield from _check_ladder(routing, name, intent, locator, file)
    yield from _check_rules(routing, name, intent, locator, file)


def _check_ladder(routing: Routing, name: str, intent: Intent, locator: Locator, file: str) -> Iterator[Finding]:
    path: DocumentPath = ("intents", name, "ladder")
    if len(intent.ladder) < 2:
        what = "only one model: when it fails, nothing serves" if intent.ladder else "no model"
        yield locator.finding(
            "route.no-fallback",
            f"{name} has {what}.",
            "Add a model, of another provider if you can.",
            (file, path if intent.ladder else path[:2]),
            key=True,
            severity="warning",
        )
    stopped_by = ""
    called: dict[tuple[str, str], str] = {}
    for model, rung in intent.ladder.items():
        reason = f"{stopped_by} falls through to nothing" if stopped_by else ""
        known = routing.models.get(model)
        if known is not None:
            same = called.setdefault((known.provider, known.id or model), model)
            reason = reason or (f"{same} is the same model of the same provider" if same != model else "")
        if reason:
            message = f"{model} is never reached: {reason}."
            yield locator.finding(
                "route.unreachable-rung",
                message,
                "Take it out, or let the one before fall through.",
                (file, (*path, model)),
                key=True,
                severity="warning",
            )
        stopped_by = stopped_by or ("" if rung.falls_through else model)


def _check_rules(routing: Routing, name: str, intent: Intent, locator: Locator, file: str) -> Iterator[Finding]:
    for rule_name, rule in intent.rules.items():
        path: DocumentPath = ("intents", name, "rules", rule_name)
        try:
            never = _never_matches(rule)
        except RegexError as error:
            at = (file, (*path, "pattern"))
            yield locator.finding("route.pattern", f"{error}."[:1].upper() + f"{error}."[1:], "See RE2's syntax.", at)
            continue
        if never:
            yield _never(locator, (file, path), f"{rule_name} {never}.", "Mend it, or take it out.")
    total = sum(rule.weight for rule in intent.rules.values())
    if intent.rules and total < routing.threshold:
        message = f"All rules of {name} together weigh {total:g}, less than the threshold of {routing.threshold:g}."
        yield _never(locator, (file, ("intents", name, "rules")), message, "Raise a weight, or lower the threshold.")
    if name == AMBIGUOUS and intent.rules:
        message = "ambiguous is what no rule tells; its own rules only hide what others say."
        yield _never(locator, (file, ("intents", name, "rules")), message, "Take them out.")


def _never(locator: Locator, at: tuple[str, DocumentPath], message: str, hint: str) -> Finding:
    return locator.finding("route.never-matches", message, hint, at, key=True, severity="warning")


def _never_matches(rule: DetectionRule) -> str:
    """Why no message can have it; empty when one can. Raises RegexError."""
    possible = rule.pattern is not None and _can_match(compile_regex(rule.pattern).program)
    if rule.words or possible:
        return ""
    return "has a pattern that no text can match" if rule.pattern is not None else "has neither keywords nor a pattern"


def _can_match(program: tuple[Instruction, ...]) -> bool:
    """Whether some text matches, by the edges of the text only; what words and lines ask for is taken as met."""
    seen: set[tuple[int, bool, bool]] = set()
    left = [(0, False, False)]
    while left:
        state = left.pop()
        if state in seen:
            continue
        seen.add(state)
        place, taken, ended = state
        step = program[place]
        if isinstance(step, Found):
            return True
        left += _next(step, place, taken, ended)
    return False


def _next(step: Instruction, place: int, taken: bool, ended: bool) -> list[tuple[int, bool, bool]]:
    match step:
        case Fork():
            return [(step.first, taken, ended), (step.second, taken, ended)]
        case Jump():
            return [(step.to, taken, ended)]
        case Save():
            return [(place + 1, taken, ended)]
        case Take():
            empty = not step.chars.items and not step.chars.negated
            return [] if ended or empty else [(place + 1, True, ended)]
        case Check(kind="text-start"):
            return [] if taken else [(place + 1, taken, ended)]
        case Check(kind="text-end"):
            return [(place + 1, taken, True)]
    return [(place + 1, taken, ended)]


def check_budgets(budgets: Budgets, locator: Locator, file: str = BUDGETS_FILE) -> Iterator[Finding]:
    """A warning that comes after the halt; a part that may spend more than the whole."""
    for name, budget in budgets.budgets.items():
        if budget.warn > budget.halt:
            message = f"{name} warns at ${budget.warn:,.2f}, after it halts at ${budget.halt:,.2f}."
            key = "warn" if locator.has(file, ("budgets", name, "warn")) else "halt"
            at: tuple[str, DocumentPath] = (file, ("budgets", name, key))
            yield locator.finding("budget.order", message, "Let warn be at most halt.", at)
    stated = [(scope, budgets.budgets[scope]) for scope in _NESTED if scope in budgets.budgets]
    for index, (scope, budget) in enumerate(stated):
        wider = next(((name, one) for name, one in stated[index + 1 :] if one.halt < budget.halt), None)
        if wider:
            message = f"{scope} halts at ${budget.halt:,.2f}, but {wider[0]} at ${wider[1].halt:,.2f} already."
            at = (file, ("budgets", scope))
            hint = f"Lower the one of {scope}, or raise the one of {wider[0]}."
            yield locator.finding("budget.order", message, hint, at, key=True, severity="warning")


def check_prices(config: ConfigSet, used: frozenset[str], locator: Locator) -> Iterator[Finding]:
    """Each model that is used has a price: without one no budget can hold it. A price of nothing is a misspelling."""
    table = bundled_table_is_there()
    for name in sorted(used):
        model = config.routing.models.get(name)
        provider = config.routing.providers.get(model.provider) if model else None
        if model is None or provider is None or name in config.prices.prices:
            continue
        if not is_in_bundled_table(name, model, provider):
            because = "" if table else " (the bundled table is not installed: pip install 'mergecells[prompts]')"
            yield locator.finding(
                "price.missing",
                f"{name} has no price{because}.",
                f"Add it to {PRICES_FILE}; a model that costs nothing has input: 0 and output: 0.",
                (ROUTING_FILE, ("models", name)),
                key=True,
                severity="error" if table else "warning",
            )
    for name in config.prices.prices:
        if config.routing.models and name not in config.routing.models:
            message = f"There is a price for {name!r}, which is no model of {ROUTING_FILE}."
            at = (PRICES_FILE, ("prices", name))
            yield locator.finding(
                "route.unknown-model", message, "Spell it as there.", at, key=True, severity="warning"
            )
