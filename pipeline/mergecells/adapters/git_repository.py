"""A git repository, checkout or bare, through git itself: read commits, write commits without a work tree."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mergecells.adapters.git_process import GitAnswer, GitFailedError, GitProcess
from mergecells.adapters.git_reading import REVISION_NAME, Commit, GitReading
from mergecells.domain.config_files import path_problem
from mergecells.domain.errors import HeadMovedError, MergecellsError, UsageError
from mergecells.domain.identity import Identity
from mergecells.domain.revision import Revision, short

__all__ = ["Commit", "GitRepository", "RefUpdate", "TreeMerge"]

_ABSENT = "0" * 40


@dataclass(frozen=True, slots=True)
class TreeMerge:
    """What merging two commits gives: a tree, or the files that conflict."""

    tree: str
    conflicts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RefUpdate:
    """Move `ref` from `old` to `new`; `old` None means that it must not exist yet, `new` None deletes it."""

    ref: str
    new: Revision | None
    old: Revision | None


class GitRepository(GitReading):
    """The repository that `path` lies in: a checkout, a folder of one, or a bare repository."""

    @classmethod
    def init_bare(cls, path: Path, branch: str = "main") -> GitRepository:
        """Create an empty bare repository whose HEAD is `branch`."""
        path.mkdir(parents=True, exist_ok=True)
        GitProcess(path).run("init", "--quiet", "--bare", f"--initial-branch={branch}", "--template=", ".")
        return cls(path)

    @classmethod
    def init_checkout(cls, path: Path, branch: str = "main") -> GitRepository:
        """Create an empty repository with a work tree in `path`."""
        GitProcess(path).run("init", "--quiet", f"--initial-branch={branch}", "--template=", ".")
        return cls(path)

    def fetch(self, remote: str, branch: str, timeout: float = 60.0) -> Revision:
        """Fetch one branch from a remote's name, address or path, forced updates included. Returns its revision.

        It is kept as `refs/remotes/<remote>/<branch>` for a named remote and as `refs/mergecells/fetched/<branch>`
        for an address.
        """
        if remote.startswith("-") or not REVISION_NAME.fullmatch(branch):
            raise UsageError(f"Cannot fetch {branch!r} from {remote!r}.", "Give a remote and the name of a branch.")
        named = self.remote_url(remote) is not None if re.fullmatch(r"[\w.-]+", remote) else False
        kept = f"refs/remotes/{remote}/{branch}" if named else f"refs/mergecells/fetched/{branch}"
        options = ("--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance")
        self._git.run("fetch", *options, "--", remote, f"+refs/heads/{branch}:{kept}", timeout=timeout)
        return self.resolve(kept)

    def publish(self, remote: str, address: str, branch: str) -> None:
        """Add a remote, push the branch to it and let the branch follow it."""
        self.add_remote(remote, address)
        self._git.run("push", "--quiet", "--no-verify", "--set-upstream", "--", remote, branch)

    def add_remote(self, remote: str, address: str) -> None:
        """Nothing is sent or fetched."""
        self._git.run("remote", "add", "--", remote, address)

    def commit_files(
        self,
        files: Mapping[str, bytes | None],
        parents: Sequence[Revision],
        message: str,
        author: Identity,
        *,
        committer: Identity | None = None,
        prefix: str = "",
    ) -> Revision:
        """A new commit: the first parent's tree with `files` written (None deletes), all below `prefix`.

        Moves no branch and touches no work tree.
        """
        tree = self.write_tree(files, parents[0] if parents else None, prefix)
        return self.commit_tree(tree, parents, message, author, committer=committer)

    def write_tree(self, files: Mapping[str, bytes | None], onto: Revision | None, prefix: str = "") -> str:
        """The tree of `onto` with `files` written. Returns the tree's SHA."""
        start = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        for path in files:
            if problem := path_problem(path):
                raise MergecellsError(f"{path!a} cannot be committed: the path {problem}.", "Rename the file.")
        with tempfile.TemporaryDirectory(prefix="mergecells-") as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            blobs = self._write_blobs({path: content for path, content in files.items() if content is not None}, folder)
            self._git.run("read-tree", *([onto] if onto else ["--empty"]), environment=index)
            # Deletions first: a file may give way to a folder of the same name.
            absent = "0" * len(onto or _ABSENT)
            gone = [f"0 {absent}\t{start}{path}\0" for path, content in files.items() if content is None]
            kept = [f"100644 {blob}\t{start}{path}\0" for path, blob in blobs.items()]
            lines = "".join([*gone, *kept]).encode()
            self._git.run("update-index", "-z", "--index-info", stdin=lines, environment=index)
            return self._git.run("write-tree", environment=index).text

    def _write_blobs(self, files: Mapping[str, bytes], folder: str) -> dict[str, str]:
        places = [Path(folder) / f"{number}" for number in range(len(files))]
        for place, content in zip(places, files.values(), strict=True):
            place.write_bytes(content)
        asked = "".join(f"{place}\n" for place in places).encode()
        made = self._git.run("hash-object", "-w", "--no-filters", "--stdin-paths", stdin=asked).text.split()
        return dict(zip(files, made, strict=True))

    def commit_tree(
        self,
        tree: str,
        parents: Iterable[Revision],
        message: str,
        author: Identity,
        *,
        committer: Identity | None = None,
    ) -> Revision:
        who = committer or author
        environment = {
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.mail,
            "GIT_COMMITTER_NAME": who.name,
            "GIT_COMMITTER_EMAIL": who.mail,
        }
        given = [part for parent in parents for part in ("-p", parent)]
        text = message.replace("\0", "").encode("utf-8", "replace")
        return self._git.run("commit-tree", tree, *given, "-F", "-", stdin=text, environment=environment).text

    def commit_worktree(self, branch: str, message: str, author: Identity) -> Revision:
        """The first commit of a new checkout: every file that is not ignored."""
        self._git.run("add", "--all", ".")
        commit = self.commit_tree(self._git.run("write-tree").text, [], message, author)
        self.update_ref(f"refs/heads/{branch}", commit, None)
        return commit

    def merge_trees(self, ours: Revision, theirs: Revision) -> TreeMerge:
        """Merge two commits without a work tree; the conflicting files by name when they do not merge."""
        asked = ("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs)
        answer = self._git.run(*asked, accept=(0, 1))
        tree, *names = answer.output.split(b"\0")
        conflicts = () if answer.status == 0 else tuple(sorted({n.decode("utf-8", "replace") for n in names if n}))
        return TreeMerge(tree.decode().strip(), conflicts)

    def update_ref(self, ref: str, new: Revision, old: Revision | None) -> None:
        """Compare-and-swap of one ref; `old` None: it must not exist. Raises HeadMovedError, nothing written."""
        self.update_refs([RefUpdate(ref, new, old)])

    def update_refs(self, updates: Sequence[RefUpdate]) -> None:
        """Compare-and-swap of several refs, all or none. Raises HeadMovedError."""
        lines = "".join(_update_line(update) for update in updates)
        answer = self._git.run("update-ref", "-z", "--stdin", stdin=lines.encode(), accept=(0, 128))
        if answer.status == 0:
            return
        raise _ref_failure(self.path, updates[0], answer)


def _ref_failure(path: Path, update: RefUpdate, answer: GitAnswer) -> MergecellsError:
    # The first line says it all; on a lock git adds a paragraph of advice.
    said = answer.messages.strip().removeprefix("fatal: ").split("\n")[0]
    if ".lock'" in said:
        # Retrying cannot help: git waited for the lock already, so whoever made it is stuck or gone.
        hint = "Another git process is at work there, or died and left the lock file: if none runs, remove that file."
        return GitFailedError(f"{path} is locked: {said}", hint, answer.status, answer.messages)
    if "cannot lock ref" in said:
        expected = f"expected {short(update.old)}" if update.old else "expected not to exist"
        return HeadMovedError(f"{update.ref} moved meanwhile ({expected}): {said}", "Read it again and retry.")
    return GitFailedError(f"`git update-ref` failed in {path}: {said}", "", answer.status, answer.messages)


def _update_line(update: RefUpdate) -> str:
    if update.old is None:
        return f"create {update.ref}\0{update.new}\0"
    if update.new is None:
        return f"delete {update.ref}\0{update.old}\0"
    return f"update {update.ref}\0{update.new}\0{update.old}\0"
