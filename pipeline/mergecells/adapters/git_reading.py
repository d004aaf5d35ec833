"""Reads a git repository, checkout or bare: names, files, history, differences."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mergecells.adapters.git_process import GitProcess
from mergecells.adapters.git_tree import read_tree
from mergecells.domain.errors import UnknownRevisionError, UsageError
from mergecells.domain.identity import Identity, parse_identity
from mergecells.domain.revision import Revision, is_full_sha

REVISION_NAME = re.compile(r"[A-Za-z0-9_@.][^\s\x00-\x1f\x7f:?*\[\\]{0,254}")
_PULL = re.compile(r"(?:pull/|#)([1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True)
class Commit:
    """One line of history. `at` is the committer's time, ISO with its offset."""

    revision: Revision
    parents: tuple[Revision, ...]
    author: str
    at: str
    subject: str


@dataclass(frozen=True, slots=True)
class _Place:
    git_dir: Path
    is_bare: bool
    top: Path | None
    prefix: str


class GitReading:
    """The reading half of GitRepository."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._git = GitProcess(self.path)

    @cached_property
    def _place(self) -> _Place:
        if not self.path.is_dir():
            raise UsageError(f"{self.path} is not a folder.", "Give the path of a git repository.")
        told = self._git.run("rev-parse", "--absolute-git-dir", "--is-bare-repository").text.split("\n")
        bare = told[1] == "true"
        if bare:
            return _Place(Path(told[0]), True, None, "")
        top, prefix = self._git.run("rev-parse", "--show-toplevel", "--show-prefix").text.split("\n")
        return _Place(Path(told[0]), False, Path(top), prefix.rstrip("/"))

    @property
    def git_dir(self) -> Path:
        return self._place.git_dir

    @property
    def is_bare(self) -> bool:
        return self._place.is_bare

    @property
    def top(self) -> Path:
        """The checkout's top folder; a bare repository's own folder."""
        return self._place.top or self._place.git_dir

    @property
    def config_prefix(self) -> str:
        """Where `path` lies inside the repository: `` at its top, `teams/leads` in a folder of it."""
        return self._place.prefix

    def resolve(self, name: str) -> Revision:
        """The full SHA of a branch, tag, `pull/N`, shortened SHA or `name~N`. Raises UnknownRevisionError."""
        pull = _PULL.fullmatch(name)
        asked = f"refs/pull/{pull[1]}/head" if pull else name
        if not REVISION_NAME.fullmatch(asked):
            raise UnknownRevisionError(f"{name[:80]!a} is not the name of a revision.", "Give a SHA or a branch.")
        # --end-of-options: a name can never be taken for an option, whatever it starts with.
        answer = self._git.run(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{asked}^{{commit}}", accept=(0, 1, 128)
        )
        if answer.status == 0 and is_full_sha(answer.text):
            return answer.text
        raise UnknownRevisionError(
            f"{self.path} has no single revision named {name!r}.",
            "Fetch it first, or give more characters of the SHA; `git log --oneline` lists what is there.",
        )

    def _full(self, revision: str) -> Revision:
        # A full SHA needs no lookup; 3 ms count when a service waits.
        return revision if is_full_sha(revision) else self.resolve(revision)

    def head(self, branch: str) -> Revision:
        """The newest revision of a local branch. Raises UnknownRevisionError."""
        return self.resolve(f"refs/heads/{branch}")

    def read_files(
        self, revision: Revision, prefix: str = "", wanted: Callable[[str], bool] | None = None
    ) -> dict[str, bytes]:
        """The files of a commit below `prefix`, by path relative to it; `wanted` selects by that path.

        Raises ConfigRejectedError for links, submodules, oversize and unsafe paths among the wanted ones.
        """
        return read_tree(self._git, self._full(revision), prefix, wanted)

    def log(self, revision: str, limit: int = 50) -> list[Commit]:
        """Newest first."""
        return self._commits(self.resolve(revision), limit)

    def log_of(self, paths: Sequence[str], limit: int = 50) -> list[Commit]:
        """The commits that changed one of the paths (relative to `path`), newest first; none without any commit."""
        if self._git.run("rev-parse", "--verify", "--quiet", "HEAD", accept=(0, 1, 128)).status != 0:
            return []
        return self._commits("HEAD", limit, "--", *paths)

    def log_between(self, older: Revision, newer: Revision, paths: Sequence[str] = (), limit: int = 50) -> list[Commit]:
        """The commits by which the branch came from one full SHA to the other, newest first; of a merge, the merge.
        `paths`: only those that changed one of them. Raises MergecellsError for a commit that is not here."""
        return self._commits(f"{self.resolve(older)}..{self.resolve(newer)}", limit, "--first-parent", "--", *paths)

    def _commits(self, revision: Revision, limit: int, *paths: str) -> list[Commit]:
        form = "--format=%H%x1f%P%x1f%an <%ae>%x1f%cI%x1f%s%x1e"
        text = self._git.run("log", form, f"--max-count={limit}", "--no-show-signature", revision, *paths).text
        rows = (record.strip("\n").split("\x1f") for record in text.split("\x1e") if record.strip("\n"))
        return [Commit(row[0], tuple(row[1].split()), row[2], row[3], row[4]) for row in rows]

    def is_ancestor(self, older: Revision, newer: Revision) -> bool:
        """Whether `newer` contains `older` (a commit contains itself)."""
        asked = ("merge-base", "--is-ancestor", self._full(older), self._full(newer))
        return self._git.run(*asked, accept=(0, 1)).status == 0

    def contains(self, newer: Revision, older: Revision) -> bool:
        """As `is_ancestor`; False for a commit that this repository does not have."""
        try:
            return self.is_ancestor(self.resolve(older), self.resolve(newer))
        except UnknownRevisionError:
            return False

    def tree_of(self, revision: Revision) -> str:
        """The SHA of a commit's tree: equal trees hold equal files."""
        return self._git.run("rev-parse", "--verify", "--end-of-options", f"{revision}^{{tree}}").text

    def merge_of(self, revision: Revision, branch: str) -> Commit:
        """The commit that brought `revision` into `branch` (itself, when the branch was set to it)."""
        steps = ("rev-list", "--ancestry-path", "--topo-order", "--reverse", f"{revision}..{self._full(branch)}")
        found = self._git.run(*steps).text.split("\n")[0] or revision
        return self.log(found, 1)[0]

    def diff(self, base: Revision, head: Revision) -> str:
        """Unified diff, the same whatever the person's git settings are."""
        shape = ("--no-color", "--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/", "-M", "-U3")
        return self._git.run("diff", *shape, self._full(base), self._full(head)).text

    def identity(self) -> Identity | None:
        """The author that git would use, None when none is configured. A guess from host names does not count."""
        answer = self._git.run("-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT", accept=(0, 128))
        return parse_identity(answer.text.rsplit(" ", 2)[0]) if answer.status == 0 else None

    def remote_url(self, remote: str) -> str | None:
        """Where a remote of this checkout is, None when there is none of that name."""
        answer = self._git.run("config", "--get", f"remote.{remote}.url", accept=(0, 1))
        return answer.text or None

    def refs(self, pattern: str) -> dict[str, Revision]:
        """Every ref below `pattern` (`refs/pull/`) and what it points to."""
        lines = self._git.run("for-each-ref", "--format=%(objectname) %(refname)", "--", pattern).text.splitlines()
        return {name: revision for revision, _, name in (line.partition(" ") for line in lines)}

    def refs_within(self, pattern: str, branch: str) -> frozenset[str]:
        """The refs below `pattern` whose commits the branch contains."""
        asked = ("for-each-ref", "--format=%(refname)", f"--merged={self.head(branch)}", "--", pattern)
        return frozenset(self._git.run(*asked).text.splitlines())
