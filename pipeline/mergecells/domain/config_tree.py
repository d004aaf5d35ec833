"""The files of a config as they were found at one moment, with what they are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mergecells.domain.errors import MergecellsError
from mergecells.domain.revision import Files, Revision

SEAL_FOLDER = ".mergecells"
"""Beside the files of a published tree; hidden, so that it is never taken for config."""

MANIFEST_FILE = "manifest.json"
BUNDLE_FILE = "bundle.jsonl"
TRACE_FILE = "traceparent"
"""The trace of the change, see `loop_trace`; no part of the seal: trees are as good without it."""


@dataclass(frozen=True, slots=True)
class ConfigTree:
    """`files` are the config; `sealed` is what publishing laid beside them (file name in `.mergecells/` → content).

    `revision` is what the place claims: a folder named by a SHA, a checkout's HEAD, or a digest. `seen` of a tree that
    nobody edits: what `ports.ConfigFolder` says of the folder, its fingerprint and its whole name, as it was read.
    """

    revision: Revision
    files: Files
    sealed: Mapping[str, bytes] = field(default_factory=dict)
    seen: tuple[str, str] | None = field(default=None, compare=False)

    @property
    def traceparent(self) -> str:
        """The trace of the change that made it; empty where nobody began one."""
        return self.sealed.get(TRACE_FILE, b"").decode("ascii", "replace").strip()


class TreeChangingError(MergecellsError):
    """The files changed while they were read: reading again a little later is all there is to do."""
