"""A git repository, checkout or bare, through git itself: read commits, write commits without a work tree."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mergecells.adapters.git_process import GitAnswer, GitFailedError, GitProcess
from mergecells.adapters.git_tree import read_tree
from mergecells.domain.config_files import path_problem
from mergecells.domain.errors import HeadMovedError, MergecellsError, UnknownRevisionError, UsageError
from mergecells.domain.identity import Identity, parse_identity
from mergecells.domain.revision import Revision, is_full_sha, short

_NAME = re.compile(r"[A-Za-z0-9_@.][^\s\x00-\x1f\x7f:?*\[\\]{0,254}")
_PULL = re.compile(r"(?:pull/|#)([1-9][0-9]{0,8})")
_ABSENT = "0" * 40


@dataclass(frozen=True, slots=True)
class Commit:
    """One line of history. `at` is the committer's time, ISO with its offset."""

    revision: Revision
    parents: tuple[Revision, ...]
    author: str
    at: str
    subject: str


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


@dataclass(frozen=True, slots=True)
class _Place:
    git_dir: Path
    is_bare: bool
    top: Path | None
    prefix: str


class GitRepository:
    """The repository that `path` lies in: a checkout, a folder of one, or a bare repository."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._git = GitProcess(self.path)

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
        if not _NAME.fullmatch(asked):
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
        form = "--format=%H%x1f%P%x1f%an <%ae>%x1f%cI%x1f%s%x1e"
        text = self._git.run("log", form, f"--max-count={limit}", "--no-show-signature", self.resolve(revision)).text
        rows = (record.strip("\n").split("\x1f") for record in text.split("\x1e") if record.strip("\n"))
        return [Commit(row[0], tuple(row[1].split()), row[2], row[3], row[4]) for row in rows]

    def is_ancestor(self, older: Revision, newer: Revision) -> bool:
        """Whether `newer` contains `older` (a commit contains itself)."""
        asked = ("merge-base", "--is-ancestor", self._full(older), self._full(newer))
        return self._git.run(*asked, accept=(0, 1)).status == 0

    def tree_of(self, revision: Revision) -> str:
        """The SHA of a commit's tree: equal trees hold equal files."""
        return self._git.run("rev-parse", "--verify", "--end-of-options", f"{revision}^{{tree}}").text

    def merge_of(self, revision: Revision, branch: str) -> Commit:
        """The commit that brought `revision` into `branch` (itself, when the branch was set to it)."""
        steps = ("rev-list", "--ancestry-path", "--topo-order", "--reverse", f"{revision}..{self._full(branch)}")
        found = self._git.run(*steps).text.split("\n")[0] or revision
        return self.log(found, 1)[0]

    def merge_base(self, one: Revision, other: Revision) -> Revision | None:
        answer = self._git.run("merge-base", self._full(one), self._full(other), accept=(0, 1))
        return answer.text.split("\n")[0] or None

    def diff(self, base: Revision, head: Revision) -> str:
        """Unified diff, the same whatever the person's git settings are."""
        shape = ("--no-color", "--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/", "-M", "-U3")
        return self._git.run("diff", *shape, self._full(base), self._full(head)).text

    def changed_files(self, base: Revision, head: Revision) -> list[str]:
        output = self._git.run("diff-tree", "-r", "-z", "--name-only", self._full(base), self._full(head)).output
        return [part.decode("utf-8", "surrogateescape") for part in output.split(b"\0") if part]

    def worktree_dirty(self) -> bool:
        """Whether the folder differs from its commit, untracked files included; ignored ones do not count."""
        return bool(self._git.run("status", "--porcelain=v1", "-z", "--untracked-files=all", "--", ".").output)

    def identity(self) -> Identity | None:
        """The author that git would use, None when none is configured. A guess from host names does not count."""
        answer = self._git.run("-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT", accept=(0, 128))
        return parse_identity(answer.text.rsplit(" ", 2)[0]) if answer.status == 0 else None

    def remote_url(self, remote: str) -> str | None:
        """Where a remote of this checkout is, None when there is none of that name."""
        answer = self._git.run("config", "--get", f"remote.{remote}.url", accept=(0, 1))
        return answer.text or None

    def fetch(self, remote: str, branch: str, timeout: float = 60.0) -> Revision:
        """Fetch one branch from a remote's name, address or path, forced updates included. Returns its revision.

        It is kept as `refs/remotes/<remote>/<branch>` for a named remote and as `refs/mergecells/fetched/<branch>`
        for an address.
        """
        if remote.startswith("-") or not _NAME.fullmatch(branch):
            raise UsageError(f"Cannot fetch {branch!r} from {remote!r}.", "Give a remote and the name of a branch.")
        named = self.remote_url(remote) is not None if re.fullmatch(r"[\w.-]+", remote) else False
        kept = f"refs/remotes/{remote}/{branch}" if named else f"refs/mergecells/fetched/{branch}"
        options = ("--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance")
        self._git.run("fetch", *options, "--", remote, f"+refs/heads/{branch}:{kept}", timeout=timeout)
        return self.resolve(kept)

    def publish(self, remote: str, address: str, branch: str) -> None:
        """Add a remote, push the branch to it and let the branch follow it."""
        self._git.run("remote", "add", "--", remote, address)
        self._git.run("push", "--quiet", "--no-verify", "--set-upstream", "--", remote, branch)

    def refs(self, pattern: str) -> dict[str, Revision]:
        """Every ref below `pattern` (`refs/pull/`) and what it points to."""
        lines = self._git.run("for-each-ref", "--format=%(objectname) %(refname)", "--", pattern).text.splitlines()
        return {name: revision for revision, _, name in (line.partition(" ") for line in lines)}

    def refs_within(self, pattern: str, branch: str) -> frozenset[str]:
        """The refs below `pattern` whose commits the branch contains."""
        asked = ("for-each-ref", "--format=%(refname)", f"--merged={self.head(branch)}", "--", pattern)
        return frozenset(self._git.run(*asked).text.splitlines())

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
