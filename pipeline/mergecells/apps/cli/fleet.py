"""The services of a config: which they are, what each runs, and whether all of them run a revision."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mergecells.adapters.hub_place import FLEET_TOKEN, hub_place, is_hub
from mergecells.apps.cli.console import CliContext
from mergecells.domain.errors import ConfigRejectedError, UsageError

if TYPE_CHECKING:
    from mergecells.adapters.service_client import ServiceReport

    Runs = Callable[[ServiceReport, str], bool]

RELOAD_TOKEN = "MERGECELLS_RELOAD_TOKEN"  # noqa: S105 - the name of a variable
_ASK_SECONDS = 3.0
_BETWEEN_SECONDS = 0.1


def service_urls(context: CliContext, given: Sequence[str]) -> list[str]:
    """The services given, else those of the manifest; or, where it names a hub, that, which knows of all."""
    from mergecells.adapters.service_client import check_url

    urls = list(given) or _manifest_services(context.config_root)
    if urls and is_hub(urls[0]):
        return urls
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
    if manifest.hub is not None:
        return [hub_place(manifest.hub.url, manifest.google.spreadsheet_id if manifest.google else "")]
    return manifest.services


def ask(urls: Sequence[str], seconds: float = _ASK_SECONDS) -> list[ServiceReport]:
    from mergecells.adapters.service_client import ask_services

    if urls and is_hub(urls[0]):
        from mergecells.adapters.hub_client import ask_hub

        return ask_hub(urls[0], os.environ.get(FLEET_TOKEN, "").strip(), seconds)
    return ask_services(urls, seconds)


def notify(urls: Sequence[str]) -> list[str]:
    """Ask each service to look at its config now, where the environment has their token; what did not work, in words.

    They look by themselves too, so a service that cannot be asked is no reason to stop.
    """
    token = os.environ.get(RELOAD_TOKEN, "")
    if not token:
        return []
    from mergecells.adapters.service_client import ask_reload

    answers = [(url, ask_reload(url, token, _ASK_SECONDS)) for url in urls]
    return [f"{url} was not asked to look at once: {problem}" for url, problem in answers if problem]


def wait_until_live(urls: Sequence[str], wanted: str, deadline: float, runs: Runs | None = None) -> list[ServiceReport]:
    """Ask until all run it, one refused it, or the time is over; always at least once. `runs` tells what running it
    means, by default that very revision."""
    from mergecells.apps.cli import status_table
    from mergecells.apps.cli.status_table import refused

    runs = runs or status_table.runs
    while True:
        left = deadline - time.monotonic()
        reports = ask(urls, min(_ASK_SECONDS, max(left, 0.5)))
        done = all(runs(report, wanted) for report in reports) or any(refused(report, wanted) for report in reports)
        if done or time.monotonic() + _BETWEEN_SECONDS > deadline:
            return reports
        time.sleep(_BETWEEN_SECONDS)


def or_newer(contains: Callable[[str, str], bool]) -> Runs:
    """A service that runs a later revision, which contains the wanted one, runs it too: it went past it in between."""
    from mergecells.apps.cli.status_table import runs
    from mergecells.domain.revision import is_full_sha

    newer: dict[tuple[str, str], bool] = {}

    def check(report: ServiceReport, wanted: str) -> bool:
        if runs(report, wanted):
            return True
        found = report.revision or ""
        if not (report.ready and is_full_sha(found) and is_full_sha(wanted)):
            return False
        if (found, wanted) not in newer:
            newer[found, wanted] = contains(found, wanted)
        return newer[found, wanted]

    return check


def live_on(reports: Sequence[ServiceReport], wanted: str | None, runs: Runs | None = None) -> list[ServiceReport]:
    from mergecells.apps.cli import status_table

    runs = runs or status_table.runs
    return [report for report in reports if (runs(report, wanted) if wanted else report.ready)]
