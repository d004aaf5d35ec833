"""`mergecells fill`: the files as a workbook, with live formulas, the base revision and unexported edits kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mergecells.apps.cli.console import CliContext, Output, print_json
from mergecells.domain.errors import UsageError

if TYPE_CHECKING:
    from mergecells.apps.cli.workbook_session import WorkbookSession
    from mergecells.authoring.fill import FillPlan
    from mergecells.ports import WorkbookSource

_ATTEMPTS = 3


def register(app: typer.Typer) -> None:
    app.command("fill")(fill)


def fill(
    ctx: typer.Context,
    workbook: Annotated[
        str | None, typer.Option("--workbook", help="An .xlsx file, or google. Default: the manifest's workbook.")
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Write the workbook. Without it nothing is changed.")] = False,
    merged: Annotated[
        bool, typer.Option("--merged", help="Take what is merged on the pull requests' host, not the files here.")
    ] = False,
    live: Annotated[
        str, typer.Option("--live", metavar="TEXT", help="With --merged: how far it got, for the workbook to tell.")
    ] = "",
    output: Annotated[Output, typer.Option("--output", help="How to print the result.")] = Output.TEXT,
) -> None:
    """Make or update the workbook from the files. Edits that it holds and that are not exported yet stay."""
    context: CliContext = ctx.obj
    if live and not merged:
        raise UsageError("--live is about what was merged.", "Add --merged.")
    fill_it = _fill_merged if merged else _fill_from_files
    plan, source = fill_it(context, workbook, live, apply)
    name = source.describe()
    if output is Output.JSON:
        print_json(_as_json(plan, name, apply))
    else:
        _print_plan(context, plan, name, apply)
    if plan.layout is None:
        raise typer.Exit(1)
    if apply:
        context.say(f"wrote {source.address}")


def _fill_merged(context: CliContext, workbook: str | None, live: str, apply: bool) -> tuple[FillPlan, WorkbookSource]:
    from mergecells.apps.cli.write_back_run import open_write_back

    run = open_write_back(context, workbook)
    status = run.status(live)
    return (run.carry_out(context, status) if apply else run.plan(status)), run.source


def _fill_from_files(context: CliContext, workbook: str | None, _: str, apply: bool) -> tuple[FillPlan, WorkbookSource]:
    from mergecells.apps.cli.workbook_session import open_session

    session = open_session(context, workbook)
    return (_carry_out(context, session) if apply else _plan(session)), session.source


def _plan(session: WorkbookSession) -> FillPlan:
    from mergecells.authoring.fill import plan_fill

    present = session.source.read() if session.source.exists() else None
    return plan_fill(session.files, session.revision, present, session.read_base, session.contains)


def _carry_out(context: CliContext, session: WorkbookSession) -> FillPlan:
    """Plan and write; when somebody edits the workbook in between, their edit is part of the next plan."""
    from mergecells.domain.errors import WorkbookChangedError
    from mergecells.transforms.workbook_changes import conflict_marks, error_marks

    for left in reversed(range(_ATTEMPTS)):
        plan = _plan(session)
        try:
            if plan.layout is not None:
                session.source.write(plan.layout)
                session.source.mark({})
            else:
                session.source.mark({**error_marks(plan.findings), **conflict_marks(plan.conflicts)})
            return plan
        except WorkbookChangedError as error:
            if not left:
                raise
            context.say(f"{error.message} Looking again.")
    raise AssertionError("the last attempt returns or raises")


def _as_json(plan: FillPlan, name: str, apply: bool) -> dict[str, Any]:
    from mergecells.domain.findings import count_findings

    return {
        "workbook": name,
        "revision": plan.revision,
        "created": plan.created,
        "applied": apply and plan.layout is not None,
        "incoming": [change.model_dump() for change in plan.incoming],
        "kept": [change.model_dump() for change in plan.kept],
        "findings": [finding.model_dump() for finding in plan.findings],
        "counts": count_findings(plan.findings),
    }


def _print_plan(context: CliContext, plan: FillPlan, name: str, apply: bool) -> None:
    from mergecells.domain.revision import short
    from mergecells.transforms.workbook_changes import render_change

    for finding in plan.findings:
        print(finding)
    if plan.layout is None:
        print(f"not filled: {name} has problems (above) and stays as it is")
        return
    if plan.created:
        tabs = ", ".join(sheet.name for sheet in plan.layout.sheets)
        print(f"{name} will be made from {short(plan.revision)} with the tabs {tabs}")
    else:
        print(f"{name} will show {short(plan.revision)}: {len(plan.incoming)} changes")
    for change in plan.incoming:
        print(f"  {render_change(change)}")
    if plan.kept:
        print("kept, not exported yet:")
    for change in plan.kept:
        print(f"  {render_change(change)}")
    if not apply:
        context.say("dry run: add --apply to write the workbook")
