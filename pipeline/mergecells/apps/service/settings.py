"""The service's settings, all from the environment, read once at the start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from mergecells.domain.errors import UsageError

TOKEN_VARIABLE = "MERGECELLS_RELOAD_TOKEN"  # noqa: S105 - the variable's name
BODY_VARIABLE = "MERGECELLS_MAX_BODY_BYTES"
STATE_VARIABLE = "MERGECELLS_STATE_DIR"


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """`reload_token` None: nobody may ask for a reload. Sizes are bytes and leads, times seconds.

    `state_dir`: where the last known good config is kept; empty for the user's own state folder.
    """

    reload_token: str | None = field(default=None, repr=False)
    max_body: int = 16 * 1024 * 1024
    max_leads: int = 10_000
    body_seconds: float = 30.0
    stop_seconds: float = 10.0
    state_dir: str = ""


def read_settings(environ: Mapping[str, str] = os.environ) -> ServiceSettings:
    """The settings of this environment. Raises UsageError for a value that cannot be."""
    default = ServiceSettings()
    return ServiceSettings(
        # An empty variable is a forgotten one, never an empty password.
        reload_token=environ.get(TOKEN_VARIABLE, "").strip() or None,
        max_body=_positive(environ, BODY_VARIABLE, default.max_body),
        state_dir=environ.get(STATE_VARIABLE, "").strip(),
    )


def _positive(environ: Mapping[str, str], variable: str, default: int) -> int:
    text = environ.get(variable, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise UsageError(f"{variable} is {text!r}.", "Give a number of bytes above 0.")
    return int(text)
