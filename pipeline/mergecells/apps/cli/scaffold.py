"""Makes a config repository: files, a first commit, a bare repository for pull requests, the workbook."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mergecells.adapters.git_repository import GitRepository
from mergecells.adapters.packaged_addon import read_addon
from mergecells.adapters.packaged_template import read_template
from mergecells.adapters.packaged_workflows import names_source, read_workflows
from mergecells.adapters.xlsx_workbook import XlsxWorkbook
from mergecells.apps.cli.new_sheet import SheetOrder, said_what_stays, take_sheet
from mergecells.authoring.fill import plan_fill
from mergecells.domain.errors import MergecellsError, UsageError
from mergecells.domain.identity import Identity
from mergecells.domain.manifest import MANIFEST_NAME, Manifest
from mergecells.domain.revision import Files, Revision
from mergecells.domain.workbook_layout import WorkbookLayout
from mergecells.transforms.yaml_to_config import parse_manifest

GITATTRIBUTES = """\
# Every byte stays as it was committed: what is reviewed is what runs.
* -text
*.yaml diff
*.md diff
"""

GITIGNORE = """\
# The workbook is made from the files by `mergecells fill`; the files are the source of truth.
*.xlsx
~$*
.~lock.*
"""

README = """\
# {name}

Business rules, kept by mergecells.

| file | holds |
| --- | --- |
| `mergecells.yaml` | the manifest: workbook, branch, pull requests, checks, services |
| `scoring/rules.yaml` | tiers, components and factors |
| `scoring/fields.yaml` | what a lead is made of |
| `scoring/examples.yaml` | golden leads with the tier and score they must get |
| `scoring/tables/` | lookup tables that formulas name |
| `scoring/verticals/` | overrides of the rules for one vertical each |
| `prompts/` | prompts for language models; `partials/` holds what they share |
| `prompts/routing.yaml` | providers, models, intents and the models that serve each |
| `prompts/budgets.yaml`, `prompts/prices.yaml` | what calls may cost, and what models cost |
| `prompts/quality.yaml` | how answers are judged, and what they must reach |
| `prompts/smoke.yaml` | labelled cases that are asked of what runs |
| `schemas/` | JSON Schemas for editors |
| `sheets/` | the add-on of the Google Sheet: menu and sidebar, for clasp |
| `.github/` | workflows for GitHub: check, release, submit from a Google Sheet, drift |

## Change a rule

1. `git pull`, then `mergecells fill --apply`: the workbook `{workbook}` shows the rules as they are.
2. Edit cells and save.
3. `mergecells submit`: the change is merged with `{branch}`, checked, and becomes a pull request.
4. Somebody else looks: `mergecells pulls show N`, `mergecells pulls approve N`, `mergecells pulls merge N`.

`mergecells check` shows every finding at any time. `mergecells rollback REVISION` brings an earlier state back.
"""


@dataclass(frozen=True, slots=True)
class Scaffold:
    """What was made. `repository` is None when no bare repository was asked for; `workflows_ready` tells whether the
    workflows know from where to install mergecells. `notes` are for the person."""

    folder: Path
    revision: Revision
    workbook: str
    files: tuple[str, ...]
    repository: Path | None
    workflows_ready: bool = True
    notes: tuple[str, ...] = ()


def scaffold(
    folder: Path,
    bare: Path | None,
    author: Identity,
    template: Files | None = None,
    order: SheetOrder | None = None,
    github: str = "",
) -> Scaffold:
    """Make a config repository in `folder`, which must be empty or missing, as must `bare`. It starts from `template`,
    the packaged one unless given. With an `order`, its workbook is a Google Sheet. `github`: OWNER/NAME where pull
    requests are made, in the place of `bare`; nothing is pushed there.

    When a step fails, what was made until then is removed again. Raises UsageError, MergecellsError.
    """
    for place in (folder, *([bare] if bare else [])):
        _require_empty(place)
    if bare and (bare == folder or bare.is_relative_to(folder)):
        raise UsageError(f"{bare} lies inside {folder}.", "Put the bare repository beside the folder.")
    template = template or read_template()
    with contextlib.ExitStack() as steps:
        steps.enter_context(_removed_on_failure(folder))
        steps.enter_context(_removed_on_failure(bare))
        sheet = take_sheet(order, f"{folder.name}: rules") if order else None
        if sheet and order:
            steps.enter_context(said_what_stays(sheet, folder, order))
            template = sheet.with_manifest(template)
        template = _with_github(template, github) if github else template
        manifest, _ = parse_manifest(template)
        workbook = sheet.address if sheet else str(folder / manifest.workbook)
        texts = _texts(folder.name, manifest, workbook if sheet else manifest.workbook)
        workflows = read_workflows()
        addon = read_addon(order.hub if order else "")
        files = {**template, **workflows, **addon, **{path: text.encode() for path, text in texts.items()}}
        _write(folder, files)
        checkout = GitRepository.init_checkout(folder, manifest.branch)
        revision = checkout.commit_worktree(manifest.branch, "Start from the rules that mergecells ships", author)
        if bare:
            GitRepository.init_bare(bare, manifest.branch)
            checkout.publish("origin", str(bare), manifest.branch)
        if github:
            checkout.add_remote("origin", f"https://github.com/{github}.git")
        layout = _lay_out(template, revision)
        if sheet and order:
            sheet.fill(layout, order.told)
        else:
            XlsxWorkbook(Path(workbook)).write(layout)
    notes = tuple(sheet.share(order.share)) if sheet and order else ()
    return Scaffold(folder, revision, workbook, tuple(sorted(files)), bare, names_source(workflows), notes)


def _with_github(files: Files, repository: str) -> Files:
    told = f"pull_requests:\n  host: github\n  repository: {repository}\n"
    return {**files, MANIFEST_NAME: files[MANIFEST_NAME] + told.encode()}


def _require_empty(place: Path) -> None:
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise UsageError(f"{place} is not empty.", "Give a folder that is empty or does not exist yet.")


def _texts(name: str, manifest: Manifest, workbook: str) -> dict[str, str]:
    readme = README.format(name=name, workbook=workbook, branch=manifest.branch)
    return {"README.md": readme, ".gitattributes": GITATTRIBUTES, ".gitignore": GITIGNORE}


def _write(folder: Path, files: Files) -> None:
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def _lay_out(files: Files, revision: Revision) -> WorkbookLayout:
    plan = plan_fill(files, revision, None, lambda _: None)
    if plan.layout is None:
        raise MergecellsError("The template gives no workbook.", "; ".join(str(finding) for finding in plan.findings))
    return plan.layout


@contextlib.contextmanager
def _removed_on_failure(place: Path | None) -> Iterator[None]:
    """The folder was empty or missing before, so all that is in it is ours to remove."""
    existed = place is not None and place.exists()
    try:
        if place:
            place.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        _remove(place, existed)
        raise MergecellsError(f"{place} cannot be written: {error.strerror}.", "Choose another folder.") from error
    except BaseException:
        _remove(place, existed)
        raise


def _remove(place: Path | None, existed: bool) -> None:
    if place is None or not place.is_dir():
        return
    for child in place.iterdir():
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child, ignore_errors=True)
        else:
            child.unlink(missing_ok=True)
    if not existed:
        place.rmdir()
