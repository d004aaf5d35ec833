"""Reads the config files of a commit from GitHub, and writes new ones as one commit, without a clone."""

from __future__ import annotations

import base64
import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from mergecells.adapters.git_tree import TreeEntry, entry_findings
from mergecells.adapters.github_api import GitHubApi
from mergecells.adapters.github_problems import GitHubRefusedError
from mergecells.adapters.github_queries import blobs_query
from mergecells.domain.config_files import is_config_file
from mergecells.domain.errors import ConfigRejectedError, MergecellsError, UnknownRevisionError
from mergecells.domain.manifest import MANIFEST_NAME
from mergecells.domain.revision import Files, Revision, short
from mergecells.transforms.yaml_to_config import parse_manifest

_AT_ONCE = 100
"""Blobs in one query."""

_REMEMBERED = 64 * 1024 * 1024
"""Bytes of blobs that are kept in memory: base and head of a submission share nearly all of theirs."""


class GitHubTree:
    """The files of one repository, below the folder `prefix`."""

    def __init__(self, api: GitHubApi, prefix: str = "") -> None:
        self._api, self._prefix = api, f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._blobs: OrderedDict[str, bytes] = OrderedDict()
        self._trees: dict[Revision, list[TreeEntry]] = {}

    def read_config(self, revision: Revision) -> Files:
        """The config files of one commit, each whole. Raises UnknownRevisionError, ConfigRejectedError."""
        entries = self._entries(revision)
        manifest_file = [entry for entry in entries if entry.path == MANIFEST_NAME]
        likely = [entry for entry in entries if is_config_file(entry.path)]
        self._check(manifest_file, revision)
        # Nearly always the manifest names no further file: all in one request.
        self._fetch([*likely] if not list(entry_findings(likely)) else manifest_file)
        manifest, _ = parse_manifest({entry.path: self._blobs[entry.blob] for entry in manifest_file})
        wanted = [entry for entry in entries if is_config_file(entry.path, manifest)]
        self._check(wanted, revision)
        self._fetch(wanted)
        return {entry.path: self._blobs[entry.blob] for entry in wanted}

    def write_tree(self, base_tree: str, files: Mapping[str, bytes | None]) -> str:
        """A tree: `base_tree` with the files in it; None deletes. Nothing refers to it yet."""
        entries = [self._new_entry(path, content) for path, content in sorted(files.items())]
        made = self._api.send("POST", "git/trees", {"base_tree": base_tree, "tree": entries}, repeatable=True)
        return str(made["sha"])

    def _new_entry(self, path: str, content: bytes | None) -> dict[str, object]:
        entry: dict[str, object] = {"path": f"{self._prefix}{path}", "mode": "100644", "type": "blob"}
        if content is None:
            return {**entry, "sha": None}
        try:
            return {**entry, "content": content.decode("utf-8")}
        except UnicodeDecodeError:
            body = {"content": base64.b64encode(content).decode("ascii"), "encoding": "base64"}
            return {**entry, "sha": self._api.send("POST", "git/blobs", body, repeatable=True)["sha"]}

    def _entries(self, revision: Revision) -> list[TreeEntry]:
        if revision not in self._trees:
            try:
                answer = self._api.get(f"git/trees/{revision}", recursive="1")
            except GitHubRefusedError as error:
                if error.status in {404, 409, 422}:
                    raise UnknownRevisionError(
                        f"{self._api.slug} has no commit {short(revision)}.", "Push it first."
                    ) from error
                raise
            if answer["truncated"]:
                raise MergecellsError(
                    f"{self._api.slug} has more files than GitHub lists in one answer (100,000).",
                    "Keep the config in a repository of its own.",
                )
            self._trees[revision] = [
                TreeEntry(item["path"][len(self._prefix) :], item["mode"], item["sha"], item.get("size") or 0)
                for item in answer["tree"]
                if item["type"] != "tree" and item["path"].startswith(self._prefix)
            ]
        return self._trees[revision]

    def _check(self, entries: Sequence[TreeEntry], revision: Revision) -> None:
        findings = list(entry_findings(entries))
        if findings:
            raise ConfigRejectedError(f"The files of {short(revision)} cannot be read safely.", findings)

    def _fetch(self, entries: Sequence[TreeEntry]) -> None:
        """Bring the blobs into memory. Each is checked against its name, which is a digest of its content."""
        missing = list(dict.fromkeys(entry.blob for entry in entries if entry.blob not in self._blobs))
        held = sum(map(len, self._blobs.values()))
        wanted = {entry.blob for entry in entries}
        for blob in [blob for blob in self._blobs if blob not in wanted]:
            if held <= _REMEMBERED:
                break
            held -= len(self._blobs.pop(blob))
        for start in range(0, len(missing), _AT_ONCE):
            self._fetch_some(missing[start : start + _AT_ONCE])

    def _fetch_some(self, blobs: list[str]) -> None:
        owner, _, name = self._api.slug.partition("/")
        found = self._api.graphql(blobs_query(blobs), {"owner": owner, "name": name})["repository"]
        for index, blob in enumerate(blobs):
            told = found[f"b{index}"] or {}
            content = (told.get("text") or "").encode("utf-8")
            # A file that is binary or long comes another way; so does one whose text is not its bytes.
            self._blobs[blob] = content if blob_name(content) == blob else self._fetch_one(blob)

    def _fetch_one(self, blob: str) -> bytes:
        answer = self._api.get(f"git/blobs/{blob}")
        content = base64.b64decode(answer["content"])
        if blob_name(content) != blob:
            raise MergecellsError(f"GitHub's content of {blob} is not what its name says.", "Try again.")
        return content


def blob_name(content: bytes) -> str:
    """git's name of a blob: SHA-1 over a header and the content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
