"""The chapters of the demo, in order."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from mergecells.adapters.xlsx_typing import type_cell
from mergecells.adapters.xlsx_workbook import XlsxWorkbook
from mergecells.apps.demo.story import EDITOR, OPERATOR, Story
from mergecells.domain.errors import MergecellsError
from mergecells.domain.locations import CellRef
from mergecells.domain.revision import short

_TAB, _TITLE = "Factors", "formula"
_BEFORE, _AFTER = '"paid search",0.5', '"paid search",0.9'
_TYPO = ("lead_source", "lead_sorce")
_RULES = "scoring/rules.yaml"


@dataclass(frozen=True, slots=True)
class Ending:
    """What the demo reached: the revisions that were live, and the seconds from each merge to both services."""

    first: str
    edited: str
    restored: str
    seconds: tuple[float, ...]


def play(story: Story) -> Ending:
    """Tell the whole story. Raises MergecellsError at the first step that does not go as told."""
    make_config(story)
    start(story)
    first = story.head()
    edited, live_after_edit = edit_a_cell(story)
    refuse_a_bad_edit(story)
    refuse_a_forced_commit(story)
    restored, live_after_rollback = roll_back(story, edited)
    return Ending(first, edited, restored, (live_after_edit, live_after_rollback))


def make_config(story: Story) -> None:
    story.line.chapter("1  A config repository, a workbook, a place for pull requests")
    folder, bare = story.root, story.bare
    story.line.event(f'$ mergecells init {folder.name} --bare {bare.name} --author "{OPERATOR}"')
    done = story.stage.run("init", str(folder), "--bare", str(bare), "--author", OPERATOR)
    story.line.quote(done.output + done.messages)


def start(story: Story) -> None:
    story.line.chapter("2  A follower and two services start")
    story.start_services()
    for report in story.reports():
        story.line.good(f"{report.url} serves revision {short(report.revision)}")


def edit_a_cell(story: Story) -> tuple[str, float]:
    story.line.chapter("3  The editor changes one cell and submits it")
    before = story.score()
    ref, old = find_formula(story.workbook, _BEFORE)
    new = old.replace(_BEFORE, _AFTER)
    type_cell(story.workbook, ref, 0.9, new)
    story.line.event(f"{ref} in {story.workbook.name}: {_BEFORE} becomes {_AFTER}")
    story.line.quote(story.command("submit", "--author", EDITOR))
    story.line.chapter("4  The reviewer reads, approves and merges")
    story.line.quote(story.command("pulls", "show", "1"))
    revision, seconds = story.approve_and_merge(1)
    story.line.good(f"both services run {short(revision)}, {seconds:.2f} s after the merge")
    after = story.score()
    story.line.good(
        f"the same lead: {before['score']:.2f} ({before['tier']}) at {short(before['revision'])}, "
        f"{after['score']:.2f} ({after['tier']}) at {short(after['revision'])}"
    )
    if after["score"] == before["score"] or after["revision"] != revision:
        raise MergecellsError("The score did not follow the edit.")
    story.line.event("$ git pull")
    story.stage.git("pull", "--quiet", "--ff-only", folder=story.root)
    story.line.quote(story.command("fill", "--apply"))
    return revision, seconds


def refuse_a_bad_edit(story: Story) -> None:
    story.line.chapter("5  A bad edit: the check refuses it and names the cell")
    ref, old = find_formula(story.workbook, _AFTER)
    type_cell(story.workbook, ref, "#NAME?", old.replace(*_TYPO))
    story.line.event(f"{ref}: {_TYPO[0]} becomes {_TYPO[1]}")
    told = story.command("submit", "--author", EDITOR, expect=1)
    story.line.quote(told)
    if str(ref) not in told:
        raise MergecellsError(f"The refusal does not name {ref}.")
    type_cell(story.workbook, ref, 0.9, old)
    story.line.refused("refused; no pull request was opened")


def refuse_a_forced_commit(story: Story) -> None:
    story.line.chapter("6  A bad commit is forced past the check, onto main")
    good = story.head()
    bad = _push_bad_commit(story)
    story.line.event(f"{short(bad)} on main: the components' weights no longer sum to 1")
    reason = story.wait_follower_rejected(bad)
    story.line.refused(f"the follower does not publish {short(bad)}: {reason}")
    _publish_by_hand(story, bad)
    story.line.event("somebody publishes it by hand, past the follower as well")
    for report in story.wait_rejected(bad):
        story.line.refused(f"{report.url} refuses {report.rejected['reason']}")
    answer = story.score()
    if answer["revision"] != good:
        raise MergecellsError(f"A service scores with {answer['revision']} and not with {good}.")
    story.line.good(f"both keep scoring at {short(good)}: {answer['score']:.2f} ({answer['tier']})")


def roll_back(story: Story, good: str) -> tuple[str, float]:
    story.line.chapter("7  The operator rolls back")
    story.line.quote(story.command("rollback", short(good), "--author", OPERATOR))
    revision, seconds = story.approve_and_merge(2)
    story.line.good(f"both services run {short(revision)}, {seconds:.2f} s after the merge")
    return revision, seconds


def find_formula(workbook: Path, part: str) -> tuple[CellRef, str]:
    """The cell of the Factors tab whose formula contains `part`."""
    sheet = XlsxWorkbook(workbook).read().sheets[_TAB]
    for (row, column), cell in sheet.cells.items():
        if cell.formula and part in cell.formula:
            return CellRef(_TAB, row, column), cell.formula
    raise MergecellsError(f"No formula of the {_TAB} tab contains {part}.")


def _push_bad_commit(story: Story) -> str:
    clone = story.stage.folder / "hand-made"
    story.stage.git("clone", "--quiet", str(story.bare), str(clone))
    rules = clone / _RULES
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace("weight: 0.08", "weight: 0.48", 1), encoding="utf-8")
    who = ("-c", "user.name=Harry Hurry", "-c", "user.email=harry@demo.invalid")
    story.stage.git(*who, "commit", "--quiet", "--all", "--message", "Quick fix", folder=clone)
    story.stage.git("push", "--quiet", "origin", "HEAD:main", folder=clone)
    return story.stage.git("rev-parse", "HEAD", folder=clone)


def _publish_by_hand(story: Story, revision: str) -> None:
    """What a sync without a gate does: the tree of the commit, and the link moved to it."""
    tree = story.live / "revisions" / revision
    shutil.copytree(story.stage.folder / "hand-made", tree, ignore=shutil.ignore_patterns(".git"))
    link = story.live / "by-hand"
    link.symlink_to(Path("revisions") / revision)
    os.replace(link, story.live / "current")
