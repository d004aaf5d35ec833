"""`live on n of n`, for people who ask `status` without a revision in mind."""

from __future__ import annotations

from mergecells.adapters.service_client import ServiceReport
from mergecells.apps.cli.status_table import live_words

OLD, NEW, TRACE = "a" * 40, "b" * 40, "4b" * 16


def service(port: int, revision: str | None, **more: str) -> ServiceReport:
    return ServiceReport(f"http://h:{port}", revision is not None, revision, **more)


def test_one_revision_is_live_on_all() -> None:
    """With the trace of its change, where there is one."""
    assert live_words([service(1, NEW, trace_id=TRACE), service(2, NEW)]) == [
        f"bbbbbbbbbbbb is live on 2 of 2 services (trace {TRACE})."
    ]


def test_stragglers_are_named_below_the_many() -> None:
    """By the name that they have at a hub; one that does not answer runs nothing."""
    reports = [service(1, NEW), service(2, NEW), service(3, OLD, name="leads@c"), service(4, None, problem="gone")]
    assert live_words(reports) == [
        "bbbbbbbbbbbb is live on 2 of 4 services: http://h:1, http://h:2.",
        "aaaaaaaaaaaa is live on 1 of 4 services: leads@c.",
    ]


def test_nothing_is_live_while_nobody_is_ready() -> None:
    assert live_words([service(1, None)]) == ["Nothing is live on 1 service."]
