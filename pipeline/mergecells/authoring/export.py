"""Workbook → files: read the cells, compare with the base, merge with what the branch became, splice the edits in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mergecells.authoring.submitted import SubmittedFiles
from mergecells.domain.changes import Change
from mergecells.domain.configset import LoadResult
from mergecells.domain.errors import MergecellsError
from mergecells.domain.findings import Finding, has_errors
from mergecells.domain.manifest import Manifest
from mergecells.domain.revision import Files, Revision, is_full_sha, short
from mergecells.domain.tables import Conflict, Edit, Table, Tables, TableSpec
from mergecells.domain.workbook import BASE_REVISION, WRITING, Workbook
from mergecells.transforms.collector import paused_collector
from mergecells.transforms.config_to_yaml import apply_edits
from mergecells.transforms.merge import merge_tables
from mergecells.transforms.merge_submitted import advance_base, merged_part
from mergecells.transforms.overwritten_check import explain_constants
from mergecells.transforms.removed_check import check_removed
from mergecells.transforms.tables import table_specs, tables_from_documents
from mergecells.transforms.workbook_changes import conflict_finding, describe_edits
from mergecells.transforms.workbook_settle import settle_tables
from mergecells.transforms.workbook_to_config import workbook_to_tables
from mergecells.transforms.yaml_to_config import Load, load_config


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What an export would write.

    `edits` turn the head's tables into `tables`; `files` holds the new content of each file that they change. With
    conflicts or errors among the findings there are no files: nothing is written by halves.
    """

    base_revision: Revision
    tables: Tables = field(default_factory=dict)
    edits: tuple[Edit, ...] = ()
    changes: tuple[Change, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.conflicts and not has_errors(self.findings)


@dataclass(frozen=True, slots=True)
class WorkbookReading:
    """A workbook read against the files it was filled from."""

    specs: Mapping[str, TableSpec]
    base: Tables
    ours: Tables
    findings: tuple[Finding, ...]


def base_revision(workbook: Workbook) -> Revision:
    """The revision that the workbook was filled from; empty when it does not say."""
    return workbook.metadata.get(BASE_REVISION, "")


def require_whole(workbook: Workbook) -> None:
    """Raises MergecellsError for a workbook that a fill has not finished: what it lacks would count as deleted."""
    if workbook.metadata.get(WRITING):
        raise MergecellsError(
            f"{workbook.source} is not complete: a fill is under way, or was interrupted.",
            "Run `mergecells fill --apply`: it goes on from there, and keeps what was edited.",
        )


def require_known_base(workbook: Workbook) -> None:
    """Raises MergecellsError for a workbook of a commit that is not to be had: what others changed since would count
    as edits of the workbook, and be taken back."""
    revision = base_revision(workbook)
    if is_full_sha(revision):
        raise MergecellsError(
            f"{workbook.source} was filled from {short(revision)}, which this repository does not have.",
            "Fetch that commit (`git fetch`), or run `mergecells fill --apply`: it keeps what differs as your edits, "
            "which you can then look through.",
        )


def read_against_base(
    workbook: Workbook,
    base: LoadResult,
    manifest: Manifest | None = None,
    submitted: Sequence[SubmittedFiles] = (),
    head: LoadResult | None = None,
    load: Load = load_config,
) -> WorkbookReading:
    """The workbook's tables with what spreadsheet programs rewrite settled to the base's text.

    `submitted` are this workbook's own submissions that the head contains: their edits are part of what is compared
    with, so that a further edit of the same cell is not taken for a conflict with oneself. Of one that is not in the
    branch as a commit, what the `head` says too.
    """
    specs = table_specs(base.documents, manifest or _manifest(base))
    base_tables: Tables = tables_from_documents(specs, base.documents)
    read, findings = workbook_to_tables(workbook, specs)
    for each in submitted:
        before, after = (tables_from_documents(specs, load(files).documents) for files in each[:2])
        if not each.whole:
            after = merged_part(before, after, tables_from_documents(specs, (head or base).documents))
        base_tables = advance_base(base_tables, before, after, read)
    told = tuple(explain_constants(findings, base_tables, read))
    return WorkbookReading(specs, base_tables, settle_tables(read, base_tables), told)


@paused_collector()
def export_workbook(
    workbook: Workbook,
    base_files: Files,
    head_files: Files | None = None,
    manifest: Manifest | None = None,
    submitted: Sequence[SubmittedFiles] = (),
    load: Load = load_config,
) -> ExportResult:
    """Bring the workbook's edits into the head's files (the base's when no head is given).

    `base_files` are the files at the workbook's base revision, `head_files` those of the branch now, `submitted` what
    it brought into them before. Findings are those
    of the workbook and, where they cannot be parsed, of the files; `authoring.check` judges the content.
    """
    require_whole(workbook)
    revision = base_revision(workbook)
    base = load(base_files)
    head = base if head_files is None or dict(head_files) == dict(base_files) else load(head_files)
    reading = read_against_base(workbook, base, manifest, submitted, head, load)
    unusable = [finding for each in (base, head) if each.config is None for finding in each.findings]
    findings = tuple(dict.fromkeys((*reading.findings, *unusable)))
    if has_errors(findings):
        return ExportResult(revision, reading.ours, findings=findings)
    specs = {**table_specs(head.documents, manifest or _manifest(head)), **reading.specs}
    theirs = tables_from_documents(specs, head.documents)
    merged = merge_tables(reading.base, reading.ours, theirs)
    conflicts = tuple(merged.conflicts)
    if conflicts:
        told = tuple(conflict_finding(conflict, specs[conflict.tab].file_of(conflict.key)) for conflict in conflicts)
        return ExportResult(revision, merged.merged, conflicts=conflicts, findings=(*findings, *told))
    misplaced = check_removed(merged.merged)
    if misplaced:
        return ExportResult(revision, merged.merged, findings=(*findings, *misplaced))
    edits = tuple(merged.edits)
    files = apply_edits(head_files if head_files is not None else base_files, specs, edits) if edits else {}
    changes = tuple(describe_edits(edits, _shown(specs, reading.ours), head.documents))
    return ExportResult(revision, merged.merged, edits, changes, files, (), findings)


def _manifest(load: LoadResult) -> Manifest:
    return load.config.manifest if load.config else Manifest()


def _shown(specs: Mapping[str, TableSpec], ours: Tables) -> dict[str, Table]:
    """The workbook's tables, and an empty one for each tab that only the head has."""
    return {tab: ours.get(tab) or Table(spec, {}) for tab, spec in specs.items()}
