"""Which commits changed a prompt, from git."""

from __future__ import annotations

from typing import Any

from mergecells.adapters.git_config_files import read_config_files
from mergecells.adapters.git_repository import GitRepository
from mergecells.apps.cli.console import CliContext
from mergecells.apps.cli.prompt_files import prompt_files
from mergecells.domain.errors import UsageError
from mergecells.domain.prompts import PARTIALS_FOLDER, PROMPTS_FOLDER
from mergecells.transforms.prompt_to_config import is_partial, is_prompt, read_prompts, slug_of


def history_rows(context: CliContext, slug: str, limit: int) -> list[dict[str, Any]]:
    """One row for each commit, newest first; `sha` is the content's, None where the prompt was not there.

    A commit of a file that only looks alike (a partial that the prompt did not use) is left out: rows are where the SHA
    changed. Raises UsageError for a prompt that no commit has.
    """
    repository = GitRepository(context.config_root)
    paths = _paths(context, slug)
    rows: list[dict[str, Any]] = []
    for commit in repository.log_of(paths, limit * 4):
        files = read_config_files(repository, commit.revision, repository.config_prefix)
        prompts = read_prompts({name: body for name, body in files.items() if is_prompt(name) or is_partial(name)})
        prompt = prompts.prompts.get(slug)
        row = {
            "revision": commit.revision,
            "at": commit.at,
            "author": commit.author,
            "subject": commit.subject,
            "sha": prompt.sha if prompt else None,
        }
        if rows and rows[-1]["sha"] == row["sha"]:
            rows[-1] = row
        else:
            rows.append(row)
    if not rows:
        prompt_files(context).find(slug)
        raise UsageError(f"No commit has the prompt {slug!r} yet.", "Commit it, or submit it as a pull request.")
    return rows[:limit]


def _paths(context: CliContext, slug: str) -> list[str]:
    """Where the prompt stands now, where it would stand by default, and what it may include."""
    now = [file for file in prompt_files(context).files if is_prompt(file) and slug_of(file) == slug]
    return sorted({*now, f"{PROMPTS_FOLDER}{slug}.md", PARTIALS_FOLDER})
