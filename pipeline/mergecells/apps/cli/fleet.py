"""The services of a config: which they are, what each runs, and whether all of them run a revision."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mergecells.apps.cli.console import CliContext
from mergecells.domain.errors import ConfigRejectedError, UsageError

if TYPE_CHECKING:
    from mergecells.adapters.service_client import ServiceReport

_ASK_SECONDS = 3.0
_BETWEEN_SECONDS = 0.1


def service_urls(context: CliContext, given: Sequence[str]) -> list[str]:
    from mergecells.adapters.service_client import check_url

    urls = list(given) or _manifest_services(context.config_root)
    if not urls:
        raise UsageError(
            "No services are known.", "List their addresses as `services:` in mergecells.yaml, or give --service URL."
        )
    return list(dict.fromkeys(check_url(url) for url in urls))


def _manifest_services(root: Path) -> list[str]:
    from mergecells.domain.findings import has_errors
    from mergecells.domain.manifest import MANIFEST_NAME
    from mergecells.transforms.yaml_to_config import parse_manifest

    try:
        content = (root / MANIFEST_NAME).read_bytes()
    except OSError as error:
        raise UsageError(f"Cannot read {root / MANIFEST_NAME}: {error.strerror}.", "Give --service URL.") from error
    manifest, findings = parse_manifest({MANIFEST_NAME: content})
    if has_errors(findings):
        raise ConfigRejectedError(f"{MANIFEST_NAME} has errors.", findings)
    return manifest.services


def ask(urls: Sequence[str], seconds: float = _ASK_SECONDS) -> list[ServiceReport]:
    from mergecells.adapters.service_client import ask_services

    return ask_services(urls, seconds)


def wait_until_live(urls: Sequence[str], wanted: str, deadline: float) -> list[ServiceReport]:
    """Ask until all run it, one refused it, or the time is over; always at least once."""
    from mergecells.apps.cli.status_table import refused, runs

    while True:
        left = deadline - time.monotonic()
        reports = ask(urls, min(_ASK_SECONDS, max(left, 0.5)))
        done = all(runs(report, wanted) for report in reports) or any(refused(report, wanted) for report in reports)
        if done or time.monotonic() + _BETWEEN_SECONDS > deadline:
            return reports
        time.sleep(_BETWEEN_SECONDS)


def live_on(reports: Sequence[ServiceReport], wanted: str | None) -> list[ServiceReport]:
    from mergecells.apps.cli.status_table import runs

    return [report for report in reports if (runs(report, wanted) if wanted else report.ready)]
