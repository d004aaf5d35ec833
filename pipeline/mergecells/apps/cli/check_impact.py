"""What the files as they are do to the leads that the manifest names, against the branch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mergecells.adapters.git_config_files import read_config_files as read_committed
from mergecells.adapters.git_repository import GitRepository
from mergecells.authoring.check import CheckReport
from mergecells.authoring.leads_impact import measure_files
from mergecells.domain.errors import MergecellsError
from mergecells.domain.findings import sort_findings
from mergecells.domain.revision import Files, Revision, digest_files
from mergecells.transforms.yaml_to_config import parse_manifest


def with_impact(report: CheckReport, root: Path, files: Files, *, allow_large: bool, quiet: bool) -> CheckReport:
    """The report with the impact, where the manifest names leads and the branch says something else than the files.

    Without git, or without the branch, there is nothing to compare with. Leads that cannot be read are a warning here:
    the file may lie where only some machines have it; `submit` refuses.
    """
    manifest, _ = parse_manifest(files)
    if not report.ok or manifest.impact is None:
        return report
    base = _branch_files(root, manifest.branch)
    if base is None or digest_files(base[1]) == digest_files(files):
        return report
    from mergecells.apps.cli.impact_leads import manifest_leads

    names = base[0], f"untracked-{digest_files(files)[:12]}"
    leads, guard = measure_files(base[1], files, names, manifest_leads(root, quiet=quiet), allow_large)
    if leads is None:
        guard = [finding.model_copy(update={"severity": "warning"}) for finding in guard]
    return replace(report, findings=tuple(sort_findings((*report.findings, *guard))), leads=leads)


def _branch_files(root: Path, branch: str) -> tuple[Revision, Files] | None:
    """The branch here, else the remote's as last fetched: a checkout in CI has only that."""
    try:
        repository = GitRepository(root)
    except MergecellsError:
        return None
    for name in (f"refs/heads/{branch}", f"refs/remotes/origin/{branch}"):
        try:
            revision = repository.resolve(name)
            return revision, read_committed(repository, revision, repository.config_prefix)
        except MergecellsError:
            continue
    return None
