"""What every command shares: the config root, how loud to be, and where results and messages go."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from mergecells.domain.errors import UsageError


class Output(StrEnum):
    """Result formats that every command has."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class CliContext:
    """`given_root` is --config-root as typed, None when left out."""

    given_root: Path | None = None
    verbose: int = 0
    quiet: bool = False

    @property
    def config_root(self) -> Path:
        """The folder that holds the manifest: the one given, or the nearest parent. Raises UsageError."""
        if self.given_root is not None:
            if not self.given_root.is_dir():
                raise UsageError(f"{self.given_root} is not a folder.", "Give --config-root a folder that exists.")
            return self.given_root.resolve()
        from mergecells.domain.manifest import MANIFEST_NAME

        here = Path.cwd().resolve()
        for folder in (here, *here.parents):
            if (folder / MANIFEST_NAME).is_file():
                return folder
        raise UsageError(
            f"No {MANIFEST_NAME} in this folder or above it.",
            "Run `mergecells init DIR` to make a config repository, or give --config-root DIR.",
        )

    def say(self, message: str) -> None:
        """A message for the person: stderr, silent with -q."""
        if not self.quiet:
            print(message, file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    """A result for a program: stdout, one JSON document, UTF-8 as it is."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))
