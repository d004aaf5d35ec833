"""The hub's settings, all from the environment, read once at the start. What is missing or weak is refused by name."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mergecells.adapters.google_identity import AllowedPeople
from mergecells.adapters.google_keys import GOOGLE_KEYS
from mergecells.domain.errors import UsageError
from mergecells.domain.identity import Identity, parse_identity

AUDIENCES, DOMAINS, EMAILS = "MERGECELLS_HUB_AUDIENCES", "MERGECELLS_HUB_DOMAINS", "MERGECELLS_HUB_EMAILS"
KEYS = "MERGECELLS_HUB_GOOGLE_KEYS"
WEBHOOK_SECRET = "MERGECELLS_HUB_WEBHOOK_SECRET"  # noqa: S105 - the variable's name, as below
ACK_TOKEN, FLEET_TOKEN = "MERGECELLS_HUB_ACK_TOKEN", "MERGECELLS_HUB_FLEET_TOKEN"
STATE = "MERGECELLS_HUB_STATE"
SESSION_SECONDS, POLL_SECONDS = "MERGECELLS_HUB_SESSION_SECONDS", "MERGECELLS_HUB_POLL_SECONDS"
RELEASE_SECONDS, STOP_SECONDS = "MERGECELLS_HUB_RELEASE_SECONDS", "MERGECELLS_HUB_STOP_SECONDS"
PER_MINUTE = "MERGECELLS_HUB_REQUESTS_PER_MINUTE"
ENVIRONMENT, ROLLBACK, AUTHOR = "MERGECELLS_HUB_ENVIRONMENT", "MERGECELLS_HUB_ROLLBACK", "MERGECELLS_HUB_AUTHOR"
WRITE_BACK, DRIFT_SECONDS = "MERGECELLS_HUB_WRITE_BACK", "MERGECELLS_HUB_DRIFT_SECONDS"

GUIDE = "docs/hub.md lists all settings."
_SHORTEST_SECRET, _FEWEST_CHARACTERS = 32, 10
_MAKE_ONE = "Make one: openssl rand -hex 32"


@dataclass(frozen=True, slots=True)
class HubSettings:
    """Times are seconds. A token of None: what it opens is closed to all."""

    allowed: AllowedPeople
    state: Path
    keys_address: str = GOOGLE_KEYS
    webhook_secret: str | None = field(default=None, repr=False)
    ack_token: str | None = field(default=None, repr=False)
    fleet_token: str | None = field(default=None, repr=False)
    session_seconds: float = 6 * 3600.0
    poll_seconds: float = 30.0
    drift_seconds: float = 900.0
    release_seconds: float = 300.0
    stop_seconds: float = 30.0
    requests_per_minute: int = 120
    environment: str = "production"
    rollback: bool = True
    write_back: bool = True
    author: Identity = Identity("mergecells hub", "hub@mergecells.invalid")  # noqa: RUF009 - frozen
    max_body: int = 64 * 1024
    max_delivery: int = 5 * 1024 * 1024
    body_seconds: float = 15.0
    head_seconds: float = 10.0
    max_connections: int = 256


def read_settings(environ: Mapping[str, str] = os.environ) -> HubSettings:
    """The settings of this environment. Raises UsageError that names the variable and what to do."""
    return HubSettings(
        allowed=_allowed(environ),
        state=_state(environ),
        keys_address=_address(environ),
        webhook_secret=_secret(environ, WEBHOOK_SECRET),
        ack_token=_secret(environ, ACK_TOKEN),
        fleet_token=_secret(environ, FLEET_TOKEN),
        session_seconds=_number(environ, SESSION_SECONDS, 6 * 3600.0, 60, 86_400),
        poll_seconds=_number(environ, POLL_SECONDS, 30.0, 0.1, 3600),
        drift_seconds=_number(environ, DRIFT_SECONDS, 900.0, 0, 86_400),
        release_seconds=_number(environ, RELEASE_SECONDS, 300.0, 1, 86_400),
        stop_seconds=_number(environ, STOP_SECONDS, 30.0, 0, 600),
        requests_per_minute=int(_number(environ, PER_MINUTE, 120, 1, 100_000)),
        environment=environ.get(ENVIRONMENT, "").strip() or "production",
        rollback=_switch(environ, ROLLBACK, True),
        write_back=_switch(environ, WRITE_BACK, True),
        author=parse_identity(environ.get(AUTHOR, "").strip() or "mergecells hub <hub@mergecells.invalid>"),
    )


def _allowed(environ: Mapping[str, str]) -> AllowedPeople:
    audiences, domains, mails = (_list(environ, name) for name in (AUDIENCES, DOMAINS, EMAILS))
    if not audiences:
        raise UsageError(
            f"{AUDIENCES} is not set, so no identity token could be accepted.",
            f"Give the OAuth client id of the add-on's script (…apps.googleusercontent.com). {GUIDE}",
        )
    if not domains and not mails:
        raise UsageError(
            f"Neither {DOMAINS} nor {EMAILS} is set, so nobody could submit.",
            f"Give the Workspace domains, or the single addresses, that may. {GUIDE}",
        )
    for mail in mails:
        if "@" not in mail:
            raise UsageError(f"{EMAILS} holds {mail!r}, which is no address.", f"A domain belongs in {DOMAINS}.")
    for domain in domains:
        if "@" in domain or "." not in domain:
            raise UsageError(f"{DOMAINS} holds {domain!r}, which is no domain.", f"An address belongs in {EMAILS}.")
    return AllowedPeople(audiences, frozenset(map(str.lower, domains)), frozenset(map(str.lower, mails)))


def _list(environ: Mapping[str, str], variable: str) -> frozenset[str]:
    return frozenset(part for part in re.split(r"[\s,]+", environ.get(variable, "")) if part)


def _secret(environ: Mapping[str, str], variable: str) -> str | None:
    """None when it is not set. A secret that can be guessed is refused, and is in no message."""
    text = environ.get(variable, "").strip()
    if not text:
        return None
    if len(text) < _SHORTEST_SECRET:
        raise UsageError(
            f"{variable} has {len(text)} characters; fewer than {_SHORTEST_SECRET} can be guessed.", _MAKE_ONE
        )
    if len(set(text)) < _FEWEST_CHARACTERS or not text.isascii() or not text.isprintable():
        raise UsageError(f"{variable} is too regular, or not of plain characters.", _MAKE_ONE)
    return text


def _state(environ: Mapping[str, str]) -> Path:
    given = environ.get(STATE, "").strip()
    if given:
        return Path(given).expanduser()
    base = environ.get("XDG_STATE_HOME", "").strip() or "~/.local/state"
    return Path(base).expanduser() / "mergecells" / "hub.sqlite"


def _address(environ: Mapping[str, str]) -> str:
    address = environ.get(KEYS, "").strip() or GOOGLE_KEYS
    if not re.fullmatch(r"https://\S+|http://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?/\S*", address):
        raise UsageError(f"{KEYS} is {address!r}.", "Keys are fetched over https (http on this machine only).")
    return address


def _number(environ: Mapping[str, str], variable: str, default: float, least: float, most: float) -> float:
    text = environ.get(variable, "").strip()
    try:
        number = float(text) if text else default
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        raise UsageError(f"{variable} is {text!r}.", f"Give a number from {least:g} to {most:g}.")
    return number


def _switch(environ: Mapping[str, str], variable: str, default: bool) -> bool:
    text = environ.get(variable, "").strip().lower()
    if text not in {"", "yes", "no", "true", "false", "1", "0"}:
        raise UsageError(f"{variable} is {text!r}.", "Give yes or no.")
    return text in {"yes", "true", "1"} if text else default
