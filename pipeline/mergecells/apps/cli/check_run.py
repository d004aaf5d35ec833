"""Runs the checks of each target with the adapters that they need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mergecells.adapters.engine_process import EngineProcesses
from mergecells.adapters.tree_files import read_config_files
from mergecells.apps.cli.check_impact import with_impact
from mergecells.apps.cli.check_targets import LoneTarget, RootTarget, Target, WorkbookTarget, find_target
from mergecells.apps.cli.choices import Kind
from mergecells.apps.cli.console import CliContext
from mergecells.apps.cli.impact_leads import leads_at_hand
from mergecells.apps.cli.token_counting import CounterAtHand
from mergecells.authoring.check import CheckReport, check_files
from mergecells.authoring.check_alone import check_alone
from mergecells.domain.errors import ConfigRejectedError, UsageError, WorkbookUnreadableError
from mergecells.domain.findings import Finding, sort_findings
from mergecells.domain.impact import Impact
from mergecells.transforms.engine_cases import LeadCounts
from mergecells.transforms.formula_engines import EngineCount

RECOMPUTE = EngineProcesses()


def run_checks(
    context: CliContext, paths: Sequence[Path], kind: Kind | None, allow_large: bool, workbook: str | None = None
) -> Iterator[tuple[Path | None, CheckReport]]:
    """A report for each path, with the config root its files are relative to; for the whole root without a path.

    Raises UsageError before anything is checked.
    """
    targets = [find_target(path, kind) for path in paths]
    if workbook:
        targets.append(WorkbookTarget(Path(workbook), workbook, context.config_root))
    targets = targets or [_whole_root(context, kind)]
    for target in targets:
        yield None if isinstance(target, LoneTarget) else target.root, _run(context, target, allow_large)


def from_here(root: Path | None, report: CheckReport) -> CheckReport:
    """The report with its files as seen from the current folder, which is what annotations need."""
    here = Path.cwd().resolve()
    if root is None or root == here or not root.is_relative_to(here):
        return report
    prefix = root.relative_to(here).as_posix()
    moved = (f.model_copy(update={"file": f"{prefix}/{f.file}"}) if f.file else f for f in report.findings)
    return replace(report, findings=tuple(moved), files=tuple(f"{prefix}/{file}" for file in report.files))


def _whole_root(context: CliContext, kind: Kind | None) -> RootTarget:
    if kind is not None:
        raise UsageError("--kind says what a PATH is, and there is none.", "Give a PATH, or leave --kind out.")
    return RootTarget(context.config_root)


def _run(context: CliContext, target: Target, allow_large: bool) -> CheckReport:
    if isinstance(target, RootTarget):
        return _check_root(context, target, allow_large)
    if isinstance(target, LoneTarget):
        return _check_lone(target)
    return _check_workbook(context, target, allow_large)


def _check_root(context: CliContext, target: RootTarget, allow_large: bool) -> CheckReport:
    try:
        files = read_config_files(target.root).files
    except ConfigRejectedError as error:
        report = CheckReport(error.findings)
    else:
        report = check_files(files, recompute=RECOMPUTE, read_leads=leads_at_hand(target.root), count=CounterAtHand())
        if target.only is None:
            report = with_impact(report, target.root, files, allow_large=allow_large, quiet=context.quiet)
    if target.only is None:
        return report
    return replace(report, findings=tuple(f for f in report.findings if f.file == target.only), files=(target.only,))


def _check_lone(target: LoneTarget) -> CheckReport:
    report = check_alone(target.content, target.kind, target.shown, RECOMPUTE)
    if target.kind is None and not report.findings:
        kinds = ", ".join(kind.value for kind in (Kind.RULES, Kind.FIELDS, Kind.EXAMPLES, Kind.VERTICAL, Kind.TABLE))
        raise UsageError(f"What {target.shown} holds cannot be told.", f"Say it with --kind: {kinds}, …")
    return report


def _check_workbook(context: CliContext, target: WorkbookTarget, allow_large: bool) -> CheckReport:
    from mergecells.adapters.xlsx_workbook import XlsxWorkbook
    from mergecells.authoring.check_workbook import check_workbook_alone

    try:
        if target.root is None:
            return check_workbook_alone(XlsxWorkbook(target.path).read(), target.shown, RECOMPUTE)
        return _check_edit(replace(context, given_root=target.root), target, allow_large)
    except WorkbookUnreadableError as error:
        finding = Finding(code="workbook.unreadable", message=error.message, hint=error.hint, file=target.shown)
        return CheckReport((finding,), files=(target.shown,))


def _check_edit(context: CliContext, target: WorkbookTarget, allow_large: bool) -> CheckReport:
    """The config as it would be with the workbook's edits; against the revision that the workbook was filled from."""
    from mergecells.apps.cli.workbook_session import open_session
    from mergecells.authoring.check_workbook import check_edited
    from mergecells.authoring.export import base_revision

    session = open_session(context, str(target.path))
    workbook = session.source.read()
    base = session.read_base(base_revision(workbook))
    base_files = base if base is not None else session.files
    return check_edited(workbook, base_files, session.files, allow_large=allow_large, recompute=RECOMPUTE)


def merge_reports(reports: Iterable[CheckReport]) -> CheckReport:
    """One report of several; counts of engines are added up."""
    found: list[Finding] = []
    files: list[str] = []
    engines: dict[str, EngineCount] = {}
    leads: Impact | None = None
    tried = LeadCounts()
    for report in reports:
        found += report.findings
        files += report.files
        tried += report.tried
        for name, count in report.engines.items():
            engines[name] = engines[name] + count if name in engines else count
        leads = report.leads or leads
    return CheckReport(tuple(sort_findings(found)), engines, tuple(dict.fromkeys(files)), leads, tried)


def report_extra(report: CheckReport) -> dict[str, Any]:
    """What the JSON form carries beside the contract's keys."""
    engines = {name: count.model_dump() for name, count in report.engines.items()}
    leads = {"leads": report.leads.model_dump()} if report.leads else {}
    tried = {"engine_leads": report.tried.model_dump()}
    return {"files": list(report.files), "engines": engines, **tried, **leads}
