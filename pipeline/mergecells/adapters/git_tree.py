"""Reads the files of one commit: one listing, one batch of contents, nothing followed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mergecells.adapters.git_process import GitFailedError, GitProcess
from mergecells.domain.config_files import MAX_CONFIG_BYTES, MAX_CONFIG_FILES, MAX_FILE_BYTES, path_problem
from mergecells.domain.errors import ConfigRejectedError, UnknownRevisionError
from mergecells.domain.findings import Finding
from mergecells.domain.revision import Revision, short

_SYMLINK, _SUBMODULE = "120000", "160000"


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One path of a commit's tree. `size` is in bytes, 0 for a submodule."""

    path: str
    mode: str
    blob: str
    size: int


def list_tree(git: GitProcess, revision: Revision, prefix: str = "") -> list[TreeEntry]:
    """Every path below `prefix` (a folder of the repository), relative to it. Empty when the folder is missing."""
    start = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
    asked = ("ls-tree", "-r", "-z", "-l", "--full-tree", revision)
    listing = git.run(*asked, *(["--", start] if start else []), accept=(0, 128))
    if listing.status:
        raise UnknownRevisionError(f"{git.folder} has no commit {revision}.", "Fetch it first.")
    return [_parse_entry(line, len(start)) for line in listing.output.split(b"\0") if line]


def _parse_entry(line: bytes, skip: int) -> TreeEntry:
    facts, _, path = line.partition(b"\t")
    mode, _, blob, size = facts.decode("ascii").split()
    return TreeEntry(path.decode("utf-8", "surrogateescape")[skip:], mode, blob, 0 if size == "-" else int(size))


def read_tree(
    git: GitProcess, revision: Revision, prefix: str = "", wanted: Callable[[str], bool] | None = None
) -> dict[str, bytes]:
    """Contents of the wanted files, by path relative to `prefix`.

    Raises ConfigRejectedError with a finding for each wanted path that is a link, a submodule, too large, or that
    would land outside the folder it is published to.
    """
    entries = [entry for entry in list_tree(git, revision, prefix) if wanted is None or wanted(entry.path)]
    findings = list(entry_findings(entries))
    if findings:
        raise ConfigRejectedError(f"The files of {short(revision)} cannot be read safely.", findings)
    return read_blobs(git, entries)


def read_blobs(git: GitProcess, entries: Sequence[TreeEntry]) -> dict[str, bytes]:
    """Contents by path, in one git process whatever their number."""
    if not entries:
        return {}
    asked = "".join(f"{entry.blob}\n" for entry in entries).encode()
    output = git.run("cat-file", "--batch", "--buffer", stdin=asked).output
    files: dict[str, bytes] = {}
    at = 0
    for entry in entries:
        end = output.index(b"\n", at)
        header = output[at:end].split(b" ")
        if header[1:2] != [b"blob"]:
            raise GitFailedError(f"{entry.path}: object {entry.blob} is missing.", "Run `git fsck` in the repository.")
        size = int(header[2])
        files[entry.path] = output[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
    return files


def entry_findings(entries: Sequence[TreeEntry]) -> Iterator[Finding]:
    total = sum(entry.size for entry in entries)
    if len(entries) > MAX_CONFIG_FILES or total > MAX_CONFIG_BYTES:
        # A finding: the commit will never be smaller, so a follower must not try it again and again.
        yield Finding(
            code="schema.too-large",
            message=f"The config has {len(entries):,} files and {total:,} bytes.",
            hint=f"The limits are {MAX_CONFIG_FILES:,} files and {MAX_CONFIG_BYTES:,} bytes; move what is no config "
            "away.",
        )
    for entry in entries:
        shown = entry.path.encode("utf-8", "backslashreplace").decode()
        if problem := path_problem(entry.path):
            yield Finding(code="security.path", message=f"The path {problem}.", hint="Rename the file.", file=shown)
        if entry.mode == _SYMLINK:
            yield Finding(
                code="security.symlink",
                message="The file is a symbolic link; links are never followed.",
                hint="Replace it with the file itself.",
                file=shown,
            )
        if entry.mode == _SUBMODULE:
            yield Finding(
                code="security.submodule",
                message="The path is a submodule; its files are no part of this revision.",
                hint="Copy the files into the config repository.",
                file=shown,
            )
        if entry.size > MAX_FILE_BYTES:
            yield Finding(
                code="schema.too-large",
                message=f"The file has {entry.size:,} bytes; the limit is {MAX_FILE_BYTES:,}.",
                hint="Split it, or move what is no config away.",
                file=shown,
            )
