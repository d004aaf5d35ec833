"""Request bodies: read within limits, parsed as strict JSON, checked for their shape. Nothing in them is trusted."""

from __future__ import annotations

import asyncio
import datetime
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from mergecells.apps.day import parse_day
from mergecells.apps.service.problems import FieldError, ProblemError, pointer
from mergecells.apps.service.settings import ServiceSettings
from mergecells.transforms.json_in_turns import MOST_MEMBERS, TooManyMembersError, parse_in_turns

Lead = Mapping[str, Any]
_LEAD_KEYS = ("lead", "vertical", "date")
_BATCH_KEYS = ("leads", "vertical", "date")
_LONGEST_NAME = 100
_SWITCH = {"true": True, "1": True, "false": False, "0": False}
MOST_EXPLAINED = 500
"""Leads that one request explains: an explanation takes about 25 KB."""
_LARGEST = sys.float_info.max
_MOST_ERRORS = 50
_SMALL = 64 * 1024
"""Bytes that are parsed at once, in a few milliseconds at most."""
_READ_AWAY = 64 * 1024 * 1024
"""Bytes beyond the limit that are read and dropped: a caller that is still sending when we answer and close would see
a broken connection and not the answer."""


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """Leads to score with the same date and vertical."""

    leads: list[Lead]
    date: datetime.date | None = None
    vertical: str | None = None


async def read_json(request: Request, settings: ServiceSettings, most: int) -> Any:
    """The body, of at most `most` bytes, as JSON values. Raises ProblemError: 413 too large, 408 too slow, 400 not
    JSON."""
    body = await read_bytes(request, settings.body_seconds, most)
    return parse_json(body) if len(body) <= _SMALL else await run_in_threadpool(parse_json, body)


async def read_bytes(request: Request, seconds: float, most: int) -> bytes:
    """The body as it came. Raises ProblemError: 413 beyond `most` bytes, 408 after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            return await _read_body(request, most)
    except TimeoutError:
        raise ProblemError(408, "body-timeout", f"The body took more than {seconds:g} s.") from None


def parse_json(body: bytes) -> Any:
    """Strict JSON: no NaN, no Infinity, no nesting beyond what can be read. Raises ProblemError (400)."""
    try:
        if len(body) > _SMALL:
            return parse_in_turns(body, _refuse_constant)
        return json.loads(body, parse_constant=_refuse_constant)
    except RecursionError:
        raise _bad_json("The body is nested too deeply.") from None
    except UnicodeDecodeError:
        raise _bad_json("The body is not UTF-8.") from None
    except TooManyMembersError:
        raise ProblemError(413, "too-many-members", f"A list or an object has over {MOST_MEMBERS:,} members.") from None
    except json.JSONDecodeError as error:
        raise _bad_json(f"{error.msg} at line {error.lineno}, column {error.colno}.") from None
    except ValueError:
        # Python refuses whole numbers of more than 4,300 digits (CVE-2020-10735).
        raise _bad_json("A number has too many digits.") from None


def lead_request(document: Any) -> ScoreRequest:
    """`{"lead": {…}, "vertical"?, "date"?}`, or the lead itself. Raises ProblemError (422) with every place."""
    if isinstance(document, dict) and "lead" not in document:
        return _checked([document], {}, ())
    wrapper = _wrapper(document, _LEAD_KEYS)
    return _checked([wrapper["lead"]], wrapper, ("lead",))


def batch_request(document: Any, most: int) -> ScoreRequest:
    """`{"leads": [{…}], "vertical"?, "date"?}`, or the list itself. Raises ProblemError (413, 422)."""
    wrapper = {"leads": document} if isinstance(document, list) else _wrapper(document, _BATCH_KEYS)
    leads = wrapper["leads"]
    if not isinstance(leads, list):
        raise _wrong([FieldError("/leads", f"{_kind(leads)} where a list of leads is expected.")])
    if len(leads) > most:
        raise ProblemError(413, "too-many-leads", f"{len(leads):,} leads; one request takes {most:,}. Send several.")
    return _checked(leads, wrapper, None if isinstance(document, list) else ("leads",))


def wants_explanation(request: Request) -> bool:
    """The query's `explain`. Raises ProblemError (422): a misspelt one must not look as if it had been answered."""
    given = request.query_params.getlist("explain")
    if not given:
        return False
    wanted = _SWITCH.get(given[-1].lower())
    if wanted is None:
        raise ProblemError(422, "wrong-query", "The query parameter explain takes true or false.")
    return wanted


async def _read_body(request: Request, most: int) -> bytes:
    stated = request.headers.get("content-length", "")
    if stated.isdigit() and int(stated) > most and (int(stated) > most + _READ_AWAY or "expect" in request.headers):
        raise _too_large(most)
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= most:
            chunks.append(chunk)
        elif size > most + _READ_AWAY:
            break
    if size > most:
        raise _too_large(most)
    return b"".join(chunks)


def _wrapper(document: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise _wrong([FieldError("", f"{_kind(document)} where an object is expected.")])
    unknown = [
        FieldError(pointer(key), f"Not a key here; there are {', '.join(keys)}.") for key in document if key not in keys
    ]
    missing = [FieldError("", f"The key {keys[0]} is missing.")] if keys[0] not in document else []
    if unknown or missing:
        raise _wrong([*missing, *unknown])
    return document


def _checked(leads: list[Any], wrapper: Mapping[str, Any], path: tuple[str, ...] | None) -> ScoreRequest:
    errors: list[FieldError] = []
    numbered = path is None or path == ("leads",)
    for index, lead in enumerate(leads):
        _check_lead(lead, (*(path or ()), index) if numbered else (path or ()), errors)
        if len(errors) >= _MOST_ERRORS:
            break
    date = _date(wrapper.get("date"), errors)
    vertical = wrapper.get("vertical")
    if not isinstance(vertical, str | None):
        errors.append(FieldError("/vertical", f"{_kind(vertical)} where the name of a vertical is expected."))
    if errors:
        raise _wrong(errors[:_MOST_ERRORS])
    return ScoreRequest(leads, date, vertical or None)


def _check_lead(lead: Any, path: tuple[str | int, ...], errors: list[FieldError]) -> None:
    if not isinstance(lead, dict):
        errors.append(FieldError(pointer(*path), f"{_kind(lead)} where a lead (an object) is expected."))
        return
    for name, value in lead.items():
        if len(name) > _LONGEST_NAME:
            errors.append(FieldError(pointer(*path), f"The name of a field is longer than {_LONGEST_NAME} characters."))
        elif isinstance(value, dict | list):
            detail = f"{_kind(value)} where a number, a text, true, false or null is expected."
            errors.append(FieldError(pointer(*path, name), detail))
        elif isinstance(value, int | float) and not -_LARGEST <= value <= _LARGEST:
            errors.append(FieldError(pointer(*path, name), "The number is too large."))


def _date(given: Any, errors: list[FieldError]) -> datetime.date | None:
    day = parse_day(given) if isinstance(given, str) else None
    if day is None and given is not None:
        errors.append(FieldError("/date", "Not a date; write it as YYYY-MM-DD."))
    return day


def _kind(value: Any) -> str:
    names = {dict: "An object", list: "A list", str: "A text", bool: "True or false", type(None): "Null"}
    return names.get(type(value), "A number")


def _wrong(errors: list[FieldError]) -> ProblemError:
    return ProblemError(422, "wrong-shape", "The body is JSON, but not of the shape that this path takes.", errors)


def _bad_json(detail: str) -> ProblemError:
    return ProblemError(400, "bad-json", f"The body is not JSON. {detail}")


def _too_large(most: int) -> ProblemError:
    return ProblemError(
        413, "body-too-large", f"The body is larger than {most:,} bytes.", headers={"Connection": "close"}
    )


def _refuse_constant(name: str) -> NoReturn:
    raise _bad_json(f"{name} is no JSON value.")
