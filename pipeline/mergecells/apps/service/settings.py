"""The service's settings, all from the environment, read once at the start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from mergecells.adapters.hub_acknowledge import ACK_TOKEN, check_hub_url
from mergecells.domain.errors import UsageError

TOKEN_VARIABLE = "MERGECELLS_RELOAD_TOKEN"  # noqa: S105 - the variable's name
BODY_VARIABLE = "MERGECELLS_MAX_BODY_BYTES"
HEAD_VARIABLE = "MERGECELLS_HEAD_SECONDS"
STATE_VARIABLE = "MERGECELLS_STATE_DIR"
LLM_TOKEN_VARIABLE = "MERGECELLS_LLM_TOKEN"  # noqa: S105 - the variable's name
LLM_RATE_VARIABLE = "MERGECELLS_LLM_CALLS_PER_MINUTE"
LLM_AT_ONCE_VARIABLE = "MERGECELLS_LLM_CALLS_AT_ONCE"
HUB_VARIABLE = "MERGECELLS_HUB_URL"
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class HubToTell:
    """Where this service tells what it runs, and as whom."""

    url: str
    token: str = field(repr=False)
    name: str = ""


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """`reload_token` None: nobody may ask for a reload. Sizes are bytes and leads, times seconds.

    `max_body` is for a batch, `max_lead_body` for one lead; beyond `max_connections` a request is answered 503 unread.
    `state_dir`: where the last known good config is kept; empty for the user's own state folder. `llm_token` None: who
    reaches the service may call models, `llm_per_minute` times a minute from one address and `llm_at_once` of all.
    """

    reload_token: str | None = field(default=None, repr=False)
    max_body: int = 16 * 1024 * 1024
    max_lead_body: int = 1024 * 1024
    max_leads: int = 10_000
    max_connections: int = 512
    body_seconds: float = 30.0
    stop_seconds: float = 10.0
    head_seconds: float = 10.0
    state_dir: str = ""
    llm_token: str | None = field(default=None, repr=False)
    llm_per_minute: int = 120
    llm_at_once: int = 64
    hub: HubToTell | None = None


def read_settings(
    environ: Mapping[str, str] = os.environ, hub: str | None = None, hub_name: str = ""
) -> ServiceSettings:
    """The settings of this environment; `hub` and `hub_name` are the command line's, an empty hub is none at all.
    Raises UsageError for a value that cannot be."""
    default = ServiceSettings()
    return ServiceSettings(
        # An empty variable is a forgotten one, never an empty password.
        reload_token=environ.get(TOKEN_VARIABLE, "").strip() or None,
        max_body=_positive(environ, BODY_VARIABLE, default.max_body),
        head_seconds=_seconds(environ, HEAD_VARIABLE, default.head_seconds),
        state_dir=environ.get(STATE_VARIABLE, "").strip(),
        llm_token=environ.get(LLM_TOKEN_VARIABLE, "").strip() or None,
        llm_per_minute=_positive(environ, LLM_RATE_VARIABLE, default.llm_per_minute),
        llm_at_once=_positive(environ, LLM_AT_ONCE_VARIABLE, default.llm_at_once),
        hub=read_hub(environ.get(HUB_VARIABLE, "") if hub is None else hub, hub_name, environ),
    )


def read_hub(url: str, name: str, environ: Mapping[str, str] = os.environ) -> HubToTell | None:
    """The hub at `url`, None for an empty one; its token from the environment. `name`: empty for one that tells this
    process from all others. Raises UsageError for an address, a name or a token with which it could not work."""
    if not url.strip():
        if name:
            raise UsageError("A name at the hub is of no use without a hub.", f"Give --hub, or set {HUB_VARIABLE}.")
        return None
    token = environ.get(ACK_TOKEN, "").strip()
    if not token:
        raise UsageError(
            f"{url.strip()} wants a token, and {ACK_TOKEN} is not set.", "Give the one with which the hub was started."
        )
    if not token.isascii() or not token.isprintable():
        raise UsageError(f"{ACK_TOKEN} is not of plain characters.", "Give the one with which the hub was started.")
    if len(name) > _LONGEST_NAME or any(not "!" <= character <= "~" for character in name):
        raise UsageError(f"{name!r} is no name at a hub.", "1 to 200 printable ASCII characters without a blank.")
    return HubToTell(check_hub_url(url.strip()), token, name)


def _positive(environ: Mapping[str, str], variable: str, default: int) -> int:
    text = environ.get(variable, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise UsageError(f"{variable} is {text!r}.", "Give a whole number above 0.")
    return int(text)


def _seconds(environ: Mapping[str, str], variable: str, default: float) -> float:
    text = environ.get(variable, "").strip()
    try:
        seconds = float(text) if text else default
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise UsageError(f"{variable} is {text!r}.", "Give seconds, above 0 and up to 3600.")
    return seconds
