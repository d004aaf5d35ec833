"""Sessions: a key for each person and sheet, in memory only, and the check of what is signed with it.

The signature covers method, target, time, nonce and body, so nothing of a request can be changed or sent twice.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from mergecells.adapters.google_identity import VerifiedPerson
from mergecells.apps.service.problems import ProblemError

SKEW_SECONDS: Final = 300
MOST_SESSIONS: Final = 2_000
MOST_OF_ONE: Final = 10
MOST_NONCES: Final = 2_000
"""In one session, within the time that a timestamp is accepted: far more than the rate limit lets through."""

_SIGN_IN = "Sign in again: POST /v1/sessions with a fresh identity token."


@dataclass(slots=True)
class Session:
    """`key` never leaves memory but for the one answer that gives it. `nonces` are those seen, oldest first."""

    id: str
    key: bytes = field(repr=False)
    person: VerifiedPerson
    spreadsheet: str
    expires: float
    nonces: set[str] = field(default_factory=set)
    seen: deque[tuple[int, str]] = field(default_factory=deque)

    @property
    def key_text(self) -> str:
        return base64.b64encode(self.key).decode()


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signed request said of itself."""

    session: str
    timestamp: int
    nonce: str
    signature: str
    method: str
    target: str
    body: bytes


class Sessions:
    """All sessions of this process. They end with it: the add-on signs in again without asking anybody."""

    def __init__(self, seconds: float, now: Callable[[], float] = time.time) -> None:
        self._seconds, self._now = seconds, now
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._sessions)

    def open(self, person: VerifiedPerson, spreadsheet: str) -> Session:
        """A new session; the person's oldest ends when there are too many. Raises ProblemError (503) when full."""
        now = self._now()
        made = Session(f"s_{secrets.token_hex(16)}", secrets.token_bytes(32), person, spreadsheet, now + self._seconds)
        with self._lock:
            self._drop_ended(now)
            own = [each.id for each in self._sessions.values() if each.person.subject == person.subject]
            for old in own[: len(own) - MOST_OF_ONE + 1]:
                del self._sessions[old]
            if len(self._sessions) >= MOST_SESSIONS:
                raise ProblemError(
                    503,
                    "too-many-sessions",
                    f"{MOST_SESSIONS:,} sessions are open, which is all that this hub holds.",
                    headers={"Retry-After": "60"},
                    hint="Try again in a minute.",
                )
            self._sessions[made.id] = made
        return made

    def check(self, signed: Signed) -> Session:
        """The session that signed this. Raises ProblemError (401). Only what is rightly signed uses up its nonce."""
        now = self._now()
        with self._lock:
            session = self._sessions.get(signed.session)
            if session is None or session.expires <= now:
                raise ProblemError(401, "session-unknown", "There is no such session, or it has ended.", hint=_SIGN_IN)
            if not hmac.compare_digest(_expected(session.key, signed).encode(), signed.signature.encode()):
                raise ProblemError(
                    401,
                    "signature-wrong",
                    "The signature does not fit method, target, timestamp, nonce and body.",
                    hint="The key is the decoded session key; docs/hub.md has what is signed, with an example.",
                )
            _check_time(signed.timestamp, now)
            _use_nonce(session, signed, int(now))
            return session

    def _drop_ended(self, now: float) -> None:
        """All live equally long, so the oldest end first."""
        while self._sessions and (first := next(iter(self._sessions.values()))).expires <= now:
            del self._sessions[first.id]


def signature_of(key: bytes, method: str, target: str, timestamp: int, nonce: str, body: bytes) -> str:
    """`sha256=…` over `METHOD\\nTARGET\\nTIMESTAMP\\nNONCE\\nBODY`."""
    head = f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode()
    return f"sha256={hmac.new(key, head + body, hashlib.sha256).hexdigest()}"


def _expected(key: bytes, signed: Signed) -> str:
    return signature_of(key, signed.method, signed.target, signed.timestamp, signed.nonce, signed.body)


def _check_time(timestamp: int, now: float) -> None:
    behind = now - timestamp
    if abs(behind) > SKEW_SECONDS:
        side = "behind" if behind > 0 else "ahead of"
        raise ProblemError(
            401,
            "timestamp-skew",
            f"The request's clock is {abs(behind):.0f} s {side} the hub's; {SKEW_SECONDS} s are allowed.",
            hint="Set the clock right. The hub's time is the Date header of this answer.",
        )


def _use_nonce(session: Session, signed: Signed, now: int) -> None:
    while session.seen and session.seen[0][0] < now - 2 * SKEW_SECONDS:
        session.nonces.discard(session.seen.popleft()[1])
    if signed.nonce in session.nonces:
        raise ProblemError(
            401,
            "nonce-replayed",
            "This nonce was used before: the request may be a copy of another.",
            hint="Sign the request anew, with a new nonce.",
        )
    if len(session.nonces) >= MOST_NONCES:
        raise ProblemError(
            429, "too-many-requests", "This session has sent too many requests.", headers={"Retry-After": "60"},
            hint="Wait a minute.",
        )  # fmt: skip
    session.nonces.add(signed.nonce)
    # By the time it came: with a timestamp ahead of ours it is acceptable for up to twice the skew.
    session.seen.append((now, signed.nonce))
