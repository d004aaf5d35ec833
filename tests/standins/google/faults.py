"""Faults on demand, each taken once by the first call that it is meant for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

HTML = (
    "<!DOCTYPE html>\n<html lang=en><title>Error 502 (Server Error)!!1</title>"
    "<p><b>502.</b> <ins>That’s an error.</ins>"
    "<p>The server encountered a temporary error and could not complete your request.<p>Please try again in 30 seconds."
)


@dataclass
class Fault:
    """`kind`: `status` (an error answer of the API), `html` (a 502 of the front end), `cut-before` and `cut-after` (the
    connection breaks, before or after the change was made), `truncated` (half of the answer), `slow` (waits for
    `seconds`), `then` (calls `action` first and goes on as usual), `lost` (the change is made, the answer is a 503).

    `call`: an API method's id, or empty for any call.
    """

    kind: str
    call: str = ""
    code: int = 503
    status: str = "UNAVAILABLE"
    message: str = "The service is currently unavailable."
    reason: str = ""
    details: tuple[dict[str, object], ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0
    action: Callable[[], object] | None = None
    after: int = 0


class Faults:
    """The faults that wait, in order."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault, times: int = 1) -> None:
        """The next `times` calls of its kind fail so; `after` lets that many pass first."""
        with self._lock:
            self._waiting += [fault] * times

    def clear(self) -> None:
        """None waits any more."""
        with self._lock:
            self._waiting.clear()

    def take(self, call: str) -> Fault | None:
        with self._lock:
            for number, fault in enumerate(self._waiting):
                if fault.call in ("", call):
                    if fault.after:
                        fault.after -= 1
                        return None
                    return self._waiting.pop(number)
        return None


def too_many(seconds: str = "", call: str = "") -> Fault:
    """429, with `Retry-After` when `seconds` says so."""
    told = (
        "Quota exceeded for quota metric 'Write requests' and limit 'Write requests per minute per user' of service "
        "'sheets.googleapis.com' for consumer 'project_number:1'."
    )
    headers = {"Retry-After": seconds} if seconds else {}
    return Fault("status", call, 429, "RESOURCE_EXHAUSTED", told, headers=headers)
