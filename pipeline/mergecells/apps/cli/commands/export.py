"""`mergecells export`: what was edited in the workbook goes into the files, with the smallest diff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mergecells.apps.cli.console import CliContext, Output, print_json

if TYPE_CHECKING:
    from mergecells.apps.cli.workbook_session import WorkbookSession
    from mergecells.authoring.export import ExportResult


def register(app: typer.Typer) -> None:
    app.command("export")(export)


def export(
    ctx: typer.Context,
    workbook: Annotated[
        str | None, typer.Option("--workbook", help="An .xlsx file, or google. Default: the manifest's workbook.")
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Write the files. Without it nothing is changed.")] = False,
    output: Annotated[Output, typer.Option("--output", help="How to print the result.")] = Output.TEXT,
) -> None:
    """Bring the workbook's edits into the files: comments, order and untouched text stay byte for byte."""
    from mergecells.apps.cli.workbook_session import open_session, write_files
    from mergecells.authoring.export import base_revision, export_workbook, require_known_base
    from mergecells.authoring.submitted import merged_submissions
    from mergecells.transforms.workbook_changes import conflict_marks

    context: CliContext = ctx.obj
    session = open_session(context, workbook)
    read = session.source.read()
    base = session.read_base(base_revision(read))
    if base is None:
        require_known_base(read)
        context.say("The revision that the workbook was filled from is not here; comparing with the files as they are.")
    known = base_revision(read) if base is not None else ""
    submitted = tuple(merged_submissions(read, known, session.revision, session.contains, session.read_base))
    result = export_workbook(read, base if base is not None else session.files, session.files, submitted=submitted)
    if output is Output.JSON:
        print_json(_as_json(result, session, apply))
    else:
        _print_result(context, result, session, apply)
    if not result.ok:
        if apply and result.conflicts:
            session.source.mark(conflict_marks(result.conflicts))
        raise typer.Exit(1)
    if apply and result.files:
        write_files(session.root, result.files)
        context.say(f"wrote {', '.join(result.files)}")
        _clear_marks(context, session)


def _clear_marks(context: CliContext, session: WorkbookSession) -> None:
    """Marks of a conflict that is settled go; a workbook that is open keeps them, which spoils nothing."""
    from mergecells.domain.errors import MergecellsError

    try:
        session.source.mark({})
    except MergecellsError as error:
        context.say(f"the old marks stay: {error.message}")


def _as_json(result: ExportResult, session: WorkbookSession, apply: bool) -> dict[str, Any]:
    from mergecells.domain.findings import count_findings

    return {
        "base_revision": result.base_revision,
        "applied": apply and result.ok and bool(result.files),
        "changes": [change.model_dump() for change in result.changes],
        "files": sorted(result.files),
        "findings": [finding.model_dump() for finding in result.findings],
        "counts": count_findings(result.findings),
        "diff": _diff(result, session),
    }


def _diff(result: ExportResult, session: WorkbookSession) -> str:
    from mergecells.transforms.workbook_changes import render_file_diff

    return "".join(render_file_diff(name, session.files.get(name), new) for name, new in sorted(result.files.items()))


def _print_result(context: CliContext, result: ExportResult, session: WorkbookSession, apply: bool) -> None:
    from mergecells.transforms.workbook_changes import render_change

    for finding in result.findings:
        print(finding)
    if not result.ok:
        print(f"not exported: {session.source.describe()} has problems (above); no file was changed")
        return
    if not result.edits:
        print("nothing to export")
        return
    for change in result.changes:
        print(render_change(change))
    print(f"\n{_diff(result, session)}", end="")
    if not apply:
        context.say("dry run: add --apply to write the files")
