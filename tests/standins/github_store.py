"""What the stand-in remembers: a bare git repository, and beside it what GitHub keeps outside of git."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt

_LASTING = {"rev-parse", "rev-list", "ls-tree", "cat-file", "show", "merge-base", "diff"}
_SHA = r"[0-9a-f]{40}(\^\{(commit|tree)\}|\^1)?"
_SHAS = re.compile(rf"-.*|blob|{_SHA}(\.\.{_SHA})?")


@dataclass
class Account:
    """Who a token belongs to. An App may make check runs; `permissions`, of a workflow's job, None allows all."""

    login: str
    name: str | None = None
    is_app: bool = False
    may_write: bool = True
    permissions: Mapping[str, str] | None = None


@dataclass
class Review:
    login: str
    name: str | None
    commit: str
    at: str


@dataclass
class Pull:
    number: int
    title: str
    body: str
    author: Account
    head_ref: str
    base_ref: str
    created_at: str
    updated_at: str
    state: str = "open"
    head_sha: str = ""
    merged_at: str | None = None
    merged_by: Account | None = None
    merge_sha: str | None = None
    labels: list[str] = field(default_factory=list)
    reviewers: list[str] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    auto_merge: bool = False
    mergeable_asked: int = 0


@dataclass
class RefusedError(Exception):
    """The answer to a request that GitHub refuses."""

    status: int
    message: str
    errors: list[dict[str, Any]] = field(default_factory=list)


class GitHubStore:
    """One repository, `owner/name`. `git` runs real git; every change is made under one lock."""

    def __init__(self, folder: Path, slug: str = "acme/leads") -> None:
        self.slug, self.folder = slug, folder / "repository.git"
        self.lock = threading.RLock()
        self.accounts: dict[str, Account] = {}
        self.app_id, self.app_public_key = "", ""
        self.pulls: dict[int, Pull] = {}
        self.checks: list[dict[str, Any]] = []
        self.statuses: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.deployments: list[dict[str, Any]] = []
        self.deployment_statuses: list[dict[str, Any]] = []
        self.dispatches: list[dict[str, Any]] = []
        self.viewer = Account("nobody")
        self.protected: set[str] = set()
        self.mergeable_after = 1
        self._ticks = 0
        self._lasting: dict[tuple[str, ...], bytes] = {}
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(self.folder)], check=True)

    def now(self) -> str:
        """A clock that moves a second with every look, so that the order of events shows."""
        self._ticks += 1
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self._ticks)
        return moment.isoformat().replace("+00:00", "Z")

    def app_of(self, token: str) -> Account | None:
        """The App that signed in with a JSON Web Token of its own: signature, issuer and expiry are verified."""
        if not self.app_public_key:
            return None
        try:
            claims = jwt.decode(
                token, self.app_public_key, algorithms=["RS256"], options={"require": ["exp", "iat", "iss"]}
            )
        except jwt.PyJWTError:
            return None
        # "The time … must be no more than 10 minutes into the future."
        known = str(claims["iss"]) == self.app_id and claims["exp"] - claims["iat"] <= 660
        return Account("app", is_app=True) if known else None

    def git(self, *arguments: str, stdin: bytes | None = None, accept: tuple[int, ...] = (0,)) -> bytes:
        """What git prints. Asked once for what cannot change: what objects named by their SHA say."""
        lasts = stdin is None and arguments[0] in _LASTING and all(map(_SHAS.fullmatch, arguments[1:]))
        if lasts and arguments in self._lasting:
            return self._lasting[arguments]
        who = ["-c", "user.name=GitHub", "-c", "user.email=noreply@github.com"]
        done = subprocess.run(
            ["git", "-C", str(self.folder), *who, *arguments], input=stdin, capture_output=True, check=False
        )
        if done.returncode not in accept:
            raise RefusedError(422, done.stderr.decode(errors="replace").strip()[:200] or "git failed")
        if lasts and done.returncode == 0:
            self._lasting[arguments] = done.stdout
        return done.stdout if done.returncode == 0 or accept != (0,) else b""

    def sha(self, name: str) -> str | None:
        """The full SHA of a revision; None when there is none."""
        if name.startswith("refs/") and ".." not in name and (loose := self.folder / name).is_file():
            held = loose.read_text().strip()
            name = held if re.fullmatch(_SHA, held) else name  # as git does it, at a fraction of a process's cost
        found = self.git("rev-parse", "--verify", "-q", f"{name}^{{commit}}", accept=(0, 1, 128)).decode().strip()
        return found or None

    def tree_of(self, commit: str) -> str:
        return self.git("rev-parse", f"{commit}^{{tree}}").decode().strip()

    def update_ref(self, ref: str, new: str, old: str | None) -> None:
        """Compare-and-swap; a missing ref is given as None."""
        done = subprocess.run(
            ["git", "-C", str(self.folder), "update-ref", ref, new, old or "0" * 40], capture_output=True, check=False
        )
        if done.returncode:
            raise RefusedError(422, "Reference cannot be updated")
        for pull in self.pulls.values():
            if pull.state == "open" and ref == f"refs/heads/{pull.head_ref}":
                self.follow(pull)

    def follow(self, pull: Pull) -> None:
        """The request's own ref and head follow its branch while it is open."""
        head = self.sha(f"refs/heads/{pull.head_ref}")
        if head and head != pull.head_sha:
            pull.head_sha, pull.mergeable_asked = head, 0
            self.git("update-ref", f"refs/pull/{pull.number}/head", head)

    def find_pull(self, number: int) -> Pull:
        if number not in self.pulls:
            raise RefusedError(404, "Not Found")
        return self.pulls[number]

    def merge_tree(self, ours: str, theirs: str) -> str | None:
        """The tree of a merge; None on a conflict."""
        done = subprocess.run(
            ["git", "-C", str(self.folder), "merge-tree", "--write-tree", ours, theirs],
            capture_output=True,
            check=False,
        )
        return done.stdout.decode().split("\n", 1)[0].strip() if done.returncode == 0 else None

    def commit(self, tree: str, parents: list[str], message: str) -> str:
        flags = [part for parent in parents for part in ("-p", parent)]
        return self.git("commit-tree", tree, *flags, stdin=message.encode()).decode().strip()

    def push(self, files: dict[str, bytes | None], branch: str = "main", message: str = "Straight") -> str:
        """Somebody pushes a commit straight to a branch."""
        with self.lock:
            old = self.sha(f"refs/heads/{branch}")
            tree = self.write_tree(self.tree_of(old) if old else None, files)
            new = self.commit(tree, [old] if old else [], message)
            self.update_ref(f"refs/heads/{branch}", new, old)
            return new

    def write_tree(self, base: str | None, files: dict[str, bytes | None], blobs: dict[str, str] | None = None) -> str:
        """A tree made from another with files set (content, or the name of a blob) and deleted (None)."""
        index = self.folder / f"index-{threading.get_ident()}"
        environment = {"GIT_INDEX_FILE": str(index), "PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(self.folder)}

        def run(*arguments: str, stdin: bytes | None = None) -> bytes:
            return subprocess.run(
                ["git", "-C", str(self.folder), *arguments],
                input=stdin,
                capture_output=True,
                check=True,
                env=environment,
            ).stdout

        try:
            run("read-tree", base) if base else run("read-tree", "--empty")
            lines = []
            for path, content in files.items():
                if content is None:
                    lines.append(f"0 {'0' * 40}\t{path}")
                else:
                    blob = run("hash-object", "-w", "--stdin", stdin=content).decode().strip()
                    lines.append(f"100644 {blob}\t{path}")
            lines += [f"100644 {blob}\t{path}" for path, blob in (blobs or {}).items()]
            run("update-index", "--add", "--index-info", stdin="".join(f"{line}\n" for line in lines).encode())
            return run("write-tree").decode().strip()
        finally:
            index.unlink(missing_ok=True)
