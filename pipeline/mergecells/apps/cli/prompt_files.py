"""The prompts of a config root, now or at a revision, for the commands that show them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mergecells.adapters.git_config_files import read_config_files as read_committed
from mergecells.adapters.git_repository import GitRepository
from mergecells.adapters.tree_files import read_config_files
from mergecells.apps.cli.console import CliContext
from mergecells.domain.errors import ConfigRejectedError, UsageError
from mergecells.domain.prompts import Prompt
from mergecells.domain.revision import Files, short
from mergecells.domain.routing import Routing
from mergecells.transforms.prompt_to_config import PromptReading, read_prompts, slug_of
from mergecells.transforms.yaml_to_config import parse_routing


@dataclass(frozen=True, slots=True)
class PromptFiles:
    """`revision` is None for the files as they are now."""

    files: Files
    reading: PromptReading
    revision: str | None = None

    @property
    def routing(self) -> Routing:
        """The routes; none when routing.yaml is missing or not usable."""
        return parse_routing(self.files)

    def find(self, slug: str) -> Prompt:
        """Raises ConfigRejectedError for a prompt that cannot be read, UsageError for one that is not there."""
        prompt = self.reading.prompts.get(slug)
        if prompt is not None:
            return prompt
        broken = [finding for finding in self.reading.findings if slug_of(finding.file or "") == slug]
        if broken:
            raise ConfigRejectedError(f"The prompt {slug} cannot be read.", broken)
        close = get_close_matches(slug, self.reading.prompts, n=1)
        known = ", ".join(self.reading.prompts) or "none"
        where = f" at {short(self.revision)}" if self.revision else ""
        hint = f"Did you mean {close[0]}?" if close else f"Prompts are: {known}."
        raise UsageError(f"There is no prompt {slug!r}{where}.", hint)


def prompt_files(context: CliContext, revision: str | None = None) -> PromptFiles:
    """The prompts of the config root. Raises UnknownRevisionError, ConfigRejectedError."""
    root = context.config_root
    if revision is None:
        files: Files = read_config_files(root).files
        return PromptFiles(files, read_prompts(files))
    repository = GitRepository(root)
    full = repository.resolve(revision)
    committed = read_committed(repository, full, repository.config_prefix)
    return PromptFiles(committed, read_prompts(committed), full)


def given_inputs(prompt: Prompt, file: Path | None, assignments: Sequence[str]) -> dict[str, Any]:
    """The inputs of a JSON file, with NAME=VALUE on top; `NAME=@FILE` takes the text of a file. Raises UsageError."""
    values: dict[str, Any] = dict(_from_file(file)) if file else {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise UsageError(f"--set {assignment!r} has no =.", "Write it as company=Acme.")
        declared = prompt.front.inputs.get(name.strip())
        values[name.strip()] = _value(declared.kind if declared else "string", _text(text))
    return values


def _from_file(file: Path) -> Mapping[str, Any]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{file} is no JSON file: {error}.", 'It holds one object: {"company": "Acme"}.') from error
    if not isinstance(value, dict):
        raise UsageError(f"{file} holds no JSON object.", 'Write {"company": "Acme"}.')
    return value


def _text(text: str) -> str:
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{text[1:]} cannot be read: {error}.", "After @ comes the name of a text file.") from error


def _value(kind: str, text: str) -> Any:
    """A text as a value of the input's kind; what does not fit is told when it is rendered."""
    if kind in ("string", "image"):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
