"""Files → workbook: what the branch holds now, with the edits that are in the workbook and not yet exported kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from mergecells.authoring.export import base_revision, read_against_base
from mergecells.authoring.submitted import (
    Contains,
    dump_submitted,
    merged_submissions,
    not_within,
    read_submitted,
)
from mergecells.domain.changes import Change
from mergecells.domain.configset import ConfigSet, LoadResult
from mergecells.domain.errors import ConfigRejectedError
from mergecells.domain.findings import Finding, has_errors
from mergecells.domain.live_status import LiveStatus, parse_live
from mergecells.domain.revision import Files, Revision, short
from mergecells.domain.tables import Conflict, Edit, Tables
from mergecells.domain.workbook import LIVE, SUBMITTED, Workbook
from mergecells.domain.workbook_layout import WorkbookLayout
from mergecells.transforms.collector import paused_collector
from mergecells.transforms.config_to_workbook import lay_out
from mergecells.transforms.config_to_yaml import apply_edits
from mergecells.transforms.merge import merge_tables
from mergecells.transforms.removed_check import check_removed
from mergecells.transforms.tables import diff_tables, table_specs, tables_from_documents
from mergecells.transforms.workbook_changes import conflict_finding, describe_edits
from mergecells.transforms.yaml_to_config import load_config


@dataclass(frozen=True, slots=True)
class _Head:
    """What the workbook shall show."""

    files: Files
    load: LoadResult
    config: ConfigSet
    tables: Tables
    revision: Revision
    live: LiveStatus | None = None


ReadBase = Callable[[Revision], Files | None]
"""The files at a workbook's base revision, None where that revision is not to be had."""


def _contains_itself(newer: Revision, older: Revision) -> bool:
    """What is known of ancestry where there is no history."""
    return newer == older


@dataclass(frozen=True, slots=True)
class FillPlan:
    """What a fill would do. `layout` is None when it must not be done (conflicts, or errors among the findings).

    `incoming` are the changes that the workbook gets, `kept` those of its own that stay to be exported.
    """

    layout: WorkbookLayout | None
    revision: Revision
    created: bool = False
    incoming: tuple[Change, ...] = ()
    kept: tuple[Change, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    findings: tuple[Finding, ...] = ()


@paused_collector()
def plan_fill(
    files: Files,
    revision: Revision,
    workbook: Workbook | None,
    read_base: ReadBase,
    contains: Contains = _contains_itself,
    live: LiveStatus | None = None,
) -> FillPlan:
    """Decide what the workbook becomes; `workbook` is None when there is none yet. `live` is how far a revision got;
    without it, or when the workbook tells of a newer one, what it tells stays.

    Raises ConfigRejectedError when the files cannot be read: a workbook is never filled from half a config.
    """
    head = load_config(files)
    if head.config is None:
        raise ConfigRejectedError("The files cannot be read, so the workbook stays as it is.", head.findings)
    specs = table_specs(head.documents, head.config.manifest)
    theirs = tables_from_documents(specs, head.documents)
    if workbook is None:
        return FillPlan(lay_out(head.config, theirs, revision, status=live), revision, created=True)
    told = newest_live(workbook, live, contains)
    return _merge_into(workbook, _Head(files, head, head.config, theirs, revision, told), read_base, contains)


def newest_live(workbook: Workbook, live: LiveStatus | None, contains: Contains) -> LiveStatus | None:
    """What the workbook is to tell: messages of a release may come late, after those of the next."""
    told = parse_live(workbook.metadata.get(LIVE, ""))
    if live is None or (told and told.revision != live.revision and contains(told.revision, live.revision)):
        return told
    if told and told.revision == live.revision and _counts(told) == _counts(live):
        return told  # Two programs that release it see it live at two moments; the first one is since when.
    return live


def _counts(status: LiveStatus) -> str:
    return status.text.partition(" since ")[0]


def _merge_into(workbook: Workbook, head: _Head, read_base: ReadBase, contains: Contains) -> FillPlan:
    theirs, revision, since = head.tables, head.revision, base_revision(workbook)
    base_files = read_base(since)
    base = load_config(base_files) if base_files is not None else head.load
    submitted = merged_submissions(workbook, since, revision, contains, read_base) if base_files is not None else ()
    reading = read_against_base(workbook, base, submitted=tuple(submitted), head=head.load)
    # A tab that is missing is made again; whatever else cannot be read would be overwritten unseen.
    findings = tuple(finding for finding in reading.findings if finding.code != "workbook.missing-tab")
    if has_errors(findings):
        return FillPlan(None, revision, findings=findings)
    # A missing tab says nothing about its rows: they are as they were, not deleted.
    ours = {**reading.base, **reading.ours}
    merged = merge_tables(reading.base, ours, theirs)
    specs = {**reading.specs, **{tab: table.spec for tab, table in theirs.items()}}
    if merged.conflicts:
        told = tuple(
            conflict_finding(conflict, specs[conflict.tab].file_of(conflict.key)) for conflict in merged.conflicts
        )
        return FillPlan(None, revision, conflicts=tuple(merged.conflicts), findings=(*findings, *told))
    kept = tuple(merged.edits)
    if base_files is None and kept:
        findings = (*findings, _unknown_base(workbook))
    incoming = tuple(diff_tables(ours, {tab: merged.merged[tab] for tab in theirs if tab in merged.merged}))
    shown = {**theirs, **ours}
    return FillPlan(
        layout=_remember(_lay_out(head, merged.merged, kept), workbook, revision, contains),
        revision=revision,
        incoming=tuple(describe_edits(incoming, {**shown, **merged.merged}, head.load.documents)),
        kept=tuple(describe_edits(kept, shown, head.load.documents)),
        findings=findings,
    )


def _unknown_base(workbook: Workbook) -> Finding:
    return Finding(
        code="workbook.unknown-base",
        severity="warning",
        message=f"{workbook.source} does not say which of its values were edited: the files that it was filled from "
        f"({short(base_revision(workbook)) or 'not named'}) are not here.",
        hint="Everything that differs from the files is kept as an edit. Look it through before you submit: it may "
        "take back what others changed.",
    )


def _remember(layout: WorkbookLayout, workbook: Workbook, head: Revision, contains: Contains) -> WorkbookLayout:
    """Submissions that are not in what the workbook shows now are needed when they are merged."""
    if SUBMITTED not in workbook.metadata:
        return layout
    waiting = not_within(read_submitted(workbook), head, contains)
    return replace(layout, metadata={**layout.metadata, SUBMITTED: dump_submitted(waiting)})


def _lay_out(head: _Head, merged: Tables, kept: tuple[Edit, ...]) -> WorkbookLayout:
    """The layout of the merged tables; its values are computed with the kept edits where those make a usable config."""
    specs = {tab: table.spec for tab, table in head.tables.items()}
    writable = kept and not check_removed(merged)
    edited = load_config({**head.files, **apply_edits(head.files, specs, kept)}) if writable else head.load
    config = edited.config if edited.config and not has_errors(edited.findings) else head.config
    tables = {tab: merged.get(tab, table) for tab, table in head.tables.items()}
    return lay_out(config, tables, head.revision, status=head.live)
