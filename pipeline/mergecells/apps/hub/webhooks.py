"""GitHub's webhooks: signature over the raw body, each delivery once, and then no more than a hint to look.

Source: docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any, Final

from mergecells.adapters.sqlite_hub import HubStore
from mergecells.apps.hub.desks import Desk, Desks
from mergecells.apps.service.problems import ProblemError

EVENTS: Final = frozenset({"push", "pull_request", "pull_request_review", "check_run", "check_suite"})
_DELIVERY: Final = re.compile(r"[A-Za-z0-9-]{8,64}")
_EVENT: Final = re.compile(r"[a-z_]{1,60}")
_SIGNATURE: Final = re.compile(r"sha256=[0-9a-f]{64}")


def check_signature(secret: str, given: str, body: bytes) -> None:
    """Raises ProblemError (401) unless GitHub, or whoever knows the secret, signed exactly these bytes."""
    hint = "The webhook's secret at GitHub and MERGECELLS_HUB_WEBHOOK_SECRET must be the same."
    if not given:
        raise ProblemError(401, "signature-missing", "The header X-Hub-Signature-256 is missing.", hint=hint)
    expected = f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
    if not _SIGNATURE.fullmatch(given) or not hmac.compare_digest(expected, given):
        raise ProblemError(401, "signature-wrong", "X-Hub-Signature-256 does not fit the body.", hint=hint)


def check_names(delivery: str, event: str) -> None:
    """Raises ProblemError (400) for headers that GitHub would not send."""
    for name, value, form in (("X-GitHub-Delivery", delivery, _DELIVERY), ("X-GitHub-Event", event, _EVENT)):
        if not form.fullmatch(value):
            missing = "is missing" if not value else "is not of its form"
            raise ProblemError(400, "header-malformed", f"The header {name} {missing}.", hint="GitHub sends it.")


def take(store: HubStore, desks: Desks, delivery: str, event: str, payload: Any) -> tuple[str, list[Desk]]:
    """What to answer, and whose pull requests to look at. A delivery that came before is known and does nothing."""
    if event == "ping":
        return "pong", []
    repository = payload.get("repository") if isinstance(payload, dict) else None
    slug = repository.get("full_name") if isinstance(repository, dict) else None
    concerned = desks.of_repository(slug) if isinstance(slug, str) else []
    if event not in EVENTS or not concerned:
        return "ignored", []
    if not store.take_delivery(delivery):
        return "known", []
    return "taken", concerned
