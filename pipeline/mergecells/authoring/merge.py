"""Merging, with one more check where the branch moved: two changes may each be right and wrong together."""

from __future__ import annotations

from mergecells.authoring.check import check_files
from mergecells.domain.errors import ConfigRejectedError, HeadMovedError
from mergecells.domain.pulls import PullRequest
from mergecells.domain.revision import Revision, short
from mergecells.ports import PullRequestHost

_ATTEMPTS = 5


def merge_checked(
    host: PullRequestHost, number: int, by: str, *, force: bool = False, seen: Revision | None = None
) -> PullRequest:
    """Merge `number`. A proposal was checked on its base; on another head the merged files are checked first.

    Weights that sum to 1 on both sides need not do so together, and git sees no conflict in it. `force` skips the
    check; `seen` is the head that the person looked at. Raises ConfigRejectedError with the findings, and what
    PullRequestHost.merge raises.
    """
    for _ in range(_ATTEMPTS):
        pull = host.show(number)
        head = host.head(pull.branch)
        looked_at = seen or pull.head_revision
        if pull.state == "open" and head != pull.base_revision and not force:
            _require_sound(host, pull)
        try:
            return host.merge(number, by, force=force, seen=looked_at, onto=head)
        except HeadMovedError as error:
            if seen and host.show(number).head_revision != seen:
                raise
            moved = error
    raise moved


def _require_sound(host: PullRequestHost, pull: PullRequest) -> None:
    report = check_files(host.preview(pull.number))
    if not report.ok:
        errors = [finding for finding in report.findings if finding.severity == "error"]
        raise ConfigRejectedError(
            f"#{pull.number} is not merged: together with what {pull.branch} became since {short(pull.base_revision)}, "
            "the rules do not hold.",
            errors,
            "Run `mergecells fill --apply` on the newest files, mend it in the workbook and submit again.",
        )
