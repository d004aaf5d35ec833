"""Formula cases as JSON: reading one, answering it with an engine, writing the answer."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping
from typing import Any

from mergecells.apps.cli.choices import Engine
from mergecells.formula import (
    Array,
    ErrorValue,
    Formula,
    FormulaSyntaxError,
    Value,
    compile_formula,
    functions_used,
    parse,
    refuse_reasons,
    to_serial,
    to_value,
)
from mergecells.formula.number_text import format_number
from mergecells.formula.reference import evaluate_at
from mergecells.formula.registry import DIALECTS, Dialect
from mergecells.formula.values import ERRORS, to_text

MAX_LINE = 4_000_000
"""Characters in one line of cases."""


class UnusableCaseError(ValueError):
    """A case that cannot be read; the text says why."""


def parse_date(text: str | None) -> float | None:
    """An ISO date as a serial number. Raises UnusableCaseError."""
    if text is None:
        return None
    try:
        return to_serial(datetime.date.fromisoformat(text))
    except (ValueError, TypeError):
        raise UnusableCaseError(f"{text} is no date from 1900 on") from None


def parse_assignment(text: str) -> tuple[str, Any]:
    """`years=12` → ("years", 12): JSON where it reads as such, TRUE and FALSE in capitals too, nothing is blank."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise UnusableCaseError(f"--set {text}: write NAME=VALUE")
    return name.strip(), _typed(value)


def _typed(value: str) -> Any:
    if value in ("TRUE", "FALSE"):
        return value == "TRUE"
    if value in ERRORS:
        return ERRORS[value]
    try:
        return json.loads(value) if value else None
    except (ValueError, RecursionError):
        return value


def answer_line(
    line: str, number: int, engine: Engine, day: float | None, dialect: Dialect = "excel"
) -> tuple[str, bool]:
    """One line of a case file → one line of answers, and whether the line was a case and engines agreed.

    A case may state a `date` and a `dialect` of its own.
    """
    identity = None
    try:
        case = read_case(line)
        identity = case.get("id")
        check_case(case)
        day = parse_date(case.get("date")) or day
        answer, good = answer_case(case["formula"], case.get("inputs") or {}, engine, day, case.get("dialect", dialect))
    except UnusableCaseError as error:
        answer, good = {"error": f"line {number}: {error}"}, False
    return _written({"id": identity, **answer}), good


def _written(answer: Mapping[str, Any]) -> str:
    """One line of JSON. A lone surrogate, which UTF-8 cannot hold, keeps its escape."""
    line = json.dumps(answer, ensure_ascii=False, allow_nan=False)
    return line if line.isascii() or _is_unicode(line) else json.dumps(answer, allow_nan=False)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def read_case(line: str) -> dict[str, Any]:
    """One line as an object. Raises UnusableCaseError."""
    if len(line) > MAX_LINE:
        raise UnusableCaseError(f"longer than {MAX_LINE} characters")
    try:
        case = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise UnusableCaseError("not a JSON object") from None
    if not isinstance(case, dict):
        raise UnusableCaseError("not a JSON object")
    return case


def check_case(case: Mapping[str, Any]) -> None:
    """Raises UnusableCaseError for parts that are missing or of the wrong kind."""
    if not isinstance(case.get("formula"), str):
        raise UnusableCaseError("`formula` is missing or no text")
    if not isinstance(case.get("inputs") or {}, dict):
        raise UnusableCaseError("`inputs` is no object")
    if case.get("dialect", "excel") not in DIALECTS:
        raise UnusableCaseError("`dialect` is neither excel nor google")


def answer_case(
    text: str, inputs: Mapping[str, Any], engine: Engine, day: float | None, dialect: Dialect = "excel"
) -> tuple[dict[str, Any], bool]:
    """`value`, `error` or `unsupported`; with engine `all` also what each engine says if they disagree (then False)."""
    try:
        formula = parse(text, dialect)
    except FormulaSyntaxError as error:
        return {"unsupported": f"syntax: {error}"}, True
    refused = refuse_reasons(formula)
    if refused:
        return {"unsupported": "; ".join(refused)}, True
    if day is None and any(use.name == "TODAY" for use in functions_used(formula)):
        return {"unsupported": "TODAY is the evaluation date, never the clock, and no date is given."}, True
    values = {name.lower(): input_value(value) for name, value in inputs.items()}
    answers = {name: _answer(run(formula, values, day or 0.0)) for name, run in _engines(engine).items()}
    first, *others = answers.values()
    if all(other == first for other in others):
        return first, True
    return {**first, "engines": answers}, False


def _engines(engine: Engine) -> dict[str, Callable[[Formula, Mapping[str, Value], float], Value]]:
    known: dict[str, Callable[[Formula, Mapping[str, Value], float], Value]] = {
        Engine.COMPILED.value: lambda formula, values, day: compile_formula(formula)(values, day),
        Engine.REFERENCE.value: evaluate_at,
    }
    return known if engine is Engine.ALL else {engine.value: known[engine.value]}


def input_value(raw: Any) -> Value:
    """A JSON value; an object `{"error": "#N/A"}` is an error value, in a list too."""
    return to_value(_with_errors(raw))


def _with_errors(raw: Any) -> Any:
    if isinstance(raw, dict):
        error = ERRORS.get(str(raw.get("error")).upper())
        if error is None:
            raise UnusableCaseError(
                f'an input that is an object must be {{"error": …}} with one of {", ".join(ERRORS)}'
            )
        return error
    return [_with_errors(item) for item in raw] if isinstance(raw, list) else raw


def _answer(value: Value) -> dict[str, Any]:
    return {"error": value.code} if isinstance(value, ErrorValue) else {"value": _plain(value)}


def _plain(value: Value) -> Any:
    """As JSON: whole numbers without a fraction, arrays as lists of rows, errors inside them as objects."""
    if isinstance(value, Array):
        return [[_plain(cell) for cell in row] for row in value.rows]
    if isinstance(value, ErrorValue):
        return {"error": value.code}
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value


def shown(answer: Mapping[str, Any]) -> str:
    """An answer as a cell shows it, 15 significant digits; an array row by row."""
    if "engines" in answer:
        return "\n".join(f"{name}: {shown(one)}" for name, one in answer["engines"].items())
    if "error" in answer:
        return str(answer["error"])
    value = answer["value"]
    if isinstance(value, list):
        return "\n".join("\t".join(shown(_cell(cell)) for cell in row) for row in value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return format_number(float(value))
    return to_text(value)


def _cell(cell: Any) -> Mapping[str, Any]:
    return cell if isinstance(cell, dict) else {"value": cell}
