"""A pull request that brings back the files of an earlier revision."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mergecells.authoring.check import check_files
from mergecells.authoring.leads_impact import ReadLeads, measure_leads
from mergecells.authoring.propose import Candidate, Evaluate, Submission, make_plan, open_pull, propose_plan
from mergecells.domain.errors import HeadMovedError, UsageError
from mergecells.domain.findings import sort_findings
from mergecells.domain.identity import parse_identity
from mergecells.domain.prompts import PARTIALS_FOLDER
from mergecells.domain.revision import Files, Revision, short
from mergecells.ports import PullRequestHost
from mergecells.transforms.diff import diff_configs
from mergecells.transforms.formula_engines import Recompute
from mergecells.transforms.prompt_to_config import is_prompt, read_prompts, slug_of
from mergecells.transforms.yaml_to_config import RememberedLoads

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class RollbackRequest:
    """`revision` is any name of a commit that the host knows."""

    revision: str
    branch: str
    author: str
    title: str = ""
    recompute: Recompute | None = None
    read_leads: ReadLeads | None = None
    evaluate: Evaluate | None = None
    prompt: str | None = None
    """Only this prompt goes back to what it was; everything else stays as it is now."""


def roll_back(host: PullRequestHost, request: RollbackRequest) -> Submission:
    """Open or update the pull request that restores the revision's config files, exactly as they were.

    History stays: what was done since is undone by a new commit. An outsized change, and many leads that move, are
    what a rollback may well be, so those guards do not apply; every other check does. Raises UnknownRevisionError,
    ConfigRejectedError.
    """
    target = host.resolve(request.revision)
    wanted = host.read_files(target)
    for _ in range(_ATTEMPTS):
        try:
            return _roll_back_once(host, request, target, wanted)
        except HeadMovedError as error:
            moved = error
    raise moved


def _roll_back_once(host: PullRequestHost, request: RollbackRequest, target: Revision, wanted: Files) -> Submission:
    head = host.head(request.branch)
    head_files = host.read_files(head)
    notes: tuple[str, ...] = ()
    if request.prompt is not None:
        notes = _shared_notes(head_files, wanted, request.prompt, target)
        wanted = _with_prompt(head_files, wanted, request.prompt, target)
    candidate = Candidate(request.branch, head, head_files, _restoring(head_files, wanted))
    load = RememberedLoads()
    report = check_files(candidate.files, recompute=request.recompute, load=load)
    wanted_leads = request.read_leads if report.ok and candidate.edits else None
    leads, notices = measure_leads(candidate, wanted_leads, allow_large=True, load=load)
    what = f"{request.prompt} " if request.prompt else ""
    source = f"rollback {what}to {short(target)}"
    plan = make_plan(
        candidate,
        diff_configs(head_files, wanted, head, target).changes,
        tuple(sort_findings((*report.findings, *notices))),
        author=str(parse_identity(request.author)),
        title=request.title or f"Roll back {what}to {short(target)}",
        load=load,
        evaluate=request.evaluate if candidate.edits else None,
    ).model_copy(update={"leads": leads})
    if not candidate.edits:
        return Submission("unchanged", plan, open_pull(host, source, request.branch), notes=notes)
    if not report.ok:
        return Submission("refused", plan, notes=notes)
    made = propose_plan(host, candidate, plan, source, report)
    return replace(made, notes=(*notes, *made.notes))


def _shared_notes(head_files: Files, old: Files, slug: str, target: Revision) -> tuple[str, ...]:
    """What else the prompt is made of, where that is not as it was: partials are shared, and stay as they are."""
    then = read_prompts(old).prompts.get(slug)
    files = [f"{PARTIALS_FOLDER}{name}.md" for name in then.partials] if then else []
    moved = [file for file in files if head_files.get(file) != old.get(file)]
    if not moved:
        return ()
    return (
        f"{', '.join(moved)} changed since {short(target)} too. Other prompts may use what is shared, so it stays: "
        f"edit it, or roll back to {short(target)} without --prompt.",
    )


def _with_prompt(head_files: Files, old: Files, slug: str, target: Revision) -> Files:
    """The files of now with one prompt as it was. Raises UsageError when the revision does not have it."""
    there = {file: content for file, content in old.items() if is_prompt(file) and slug_of(file) == slug}
    if not there:
        raise UsageError(f"{short(target)} has no prompt {slug!r}.", f"`mergecells prompts history {slug}` lists more.")
    rest = {file: content for file, content in head_files.items() if not (is_prompt(file) and slug_of(file) == slug)}
    return {**rest, **there}


def _restoring(head_files: Files, wanted: Files) -> dict[str, bytes | None]:
    edits: dict[str, bytes | None] = {path: None for path in head_files if path not in wanted}
    edits.update({path: content for path, content in wanted.items() if head_files.get(path) != content})
    return edits
