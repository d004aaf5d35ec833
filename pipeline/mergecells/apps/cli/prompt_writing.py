"""Writes imported prompts into a config root: all of them, or none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mergecells.adapters.atomic_file import whole_text_file
from mergecells.domain.config_files import MAX_FILE_BYTES
from mergecells.domain.errors import ConfigRejectedError, UsageError
from mergecells.domain.findings import has_errors
from mergecells.domain.prompts import PROMPTS_FOLDER
from mergecells.transforms.prompt_import import ImportedPrompt, SourceForm, import_prompt
from mergecells.transforms.prompt_to_config import parse_prompt


def import_all(
    root: Path, files: Sequence[Path], form: SourceForm | None, slug: str, *, apply: bool
) -> list[ImportedPrompt]:
    """The prompts of the files, each parsed as it would be loaded; with `apply`, written.

    Raises UsageError for what cannot be read and for a prompt that is there already, ConfigRejectedError for a result
    that is no prompt. Nothing is written then.
    """
    if slug and len(files) > 1:
        raise UsageError("--name is for one file.", "Import the files one by one, or leave --name out.")
    imported = [import_prompt(file.name, _read(file), form, slug) for file in files]
    targets = [root / PROMPTS_FOLDER / f"{each.slug}.md" for each in imported]
    for file, each, target in zip(files, imported, targets, strict=True):
        if not each.text:
            raise UsageError(f"{file} cannot be read: {each.notes[0].message}", "Save it as UTF-8 text.")
        prompt, _, findings = parse_prompt(f"{PROMPTS_FOLDER}{each.slug}.md", each.text.encode())
        if prompt is None or has_errors(findings):
            raise ConfigRejectedError(f"{file} does not become a prompt.", findings)
        if apply and (target.exists() or targets.count(target) > 1):
            raise UsageError(f"{target} is there already.", "Give another name with --name.")
    if apply:
        for each, target in zip(imported, targets, strict=True):
            target.parent.mkdir(exist_ok=True)
            with whole_text_file(target) as out:
                out.write(each.text)
    return imported


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.", "Give a file that exists.") from error
