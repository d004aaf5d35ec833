"""The sealed bundle beside a published tree: what was parsed and checked once, for services to load in milliseconds.

`manifest.json` names the commit and holds the digests of every file, of `bundle.jsonl` and of itself. A digest guards
against damage and against edits in place; who may write to the folder is a matter of its permissions.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError

from mergecells._version import __version__
from mergecells.domain.config_tree import BUNDLE_FILE, MANIFEST_FILE, ConfigTree
from mergecells.domain.configset import ConfigSet
from mergecells.domain.errors import MergecellsError
from mergecells.domain.revision import Files, Revision, digest_files
from mergecells.serving.bundle_lines import dump_lines, load_lines

FORMAT = 1
SCHEMA_VERSION = 3
"""Raised when a model changes so that an older package would read a newer bundle wrongly, or the other way round."""


class BundleInvalidError(MergecellsError):
    """The bundle is damaged, belongs to other files, or is of a form that this package does not read."""


class FilesChangedError(BundleInvalidError):
    """The files beside the bundle are not those that were published with it."""


class BundleManifest(BaseModel):
    """`manifest.json`. Digests are SHA-256 in hex; `generation` counts publications of one folder from 1."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: int
    schema_version: int
    package: str
    repository: str
    ref: str
    sha: Revision
    parent: Revision | None
    generation: int
    published_at: str
    files: dict[str, str]
    tree: str
    bundle: str
    seal: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a published tree comes from; `published_at` is UTC, ISO."""

    repository: str
    ref: str
    parent: Revision | None
    generation: int
    published_at: str


def seal_tree(revision: Revision, files: Files, config: ConfigSet, origin: Origin) -> ConfigTree:
    """The tree to publish: the files, with the bundle and the manifest that seal them."""
    bundle = b"".join(line + b"\n" for line in dump_lines(config))
    manifest = BundleManifest(
        format=FORMAT,
        schema_version=SCHEMA_VERSION,
        package=__version__,
        repository=origin.repository,
        ref=origin.ref,
        sha=revision,
        parent=origin.parent,
        generation=origin.generation,
        published_at=origin.published_at,
        files={name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
        tree=digest_files(files),
        bundle=hashlib.sha256(bundle).hexdigest(),
    )
    manifest = manifest.model_copy(update={"seal": _seal(manifest)})
    text = manifest.model_dump_json(indent=1).encode() + b"\n"
    return ConfigTree(revision, files, {MANIFEST_FILE: text, BUNDLE_FILE: bundle})


def read_manifest(tree: ConfigTree) -> BundleManifest | None:
    """The manifest of a tree, its own seal verified; None where publishing laid none. Raises BundleInvalidError."""
    text = tree.sealed.get(MANIFEST_FILE)
    if text is None:
        return None
    try:
        manifest = BundleManifest.model_validate_json(text)
    except ValidationError as error:
        raise BundleInvalidError(f"{MANIFEST_FILE} is damaged or of another form.") from error
    if manifest.seal != _seal(manifest):
        raise BundleInvalidError(f"{MANIFEST_FILE} does not match its own seal.")
    return manifest


def verify_files(manifest: BundleManifest, tree: ConfigTree) -> None:
    """Raises FilesChangedError naming the files that are not those that were published."""
    if manifest.tree == digest_files(tree.files):
        return
    found = {name: hashlib.sha256(content).hexdigest() for name, content in tree.files.items()}
    names = sorted(manifest.files.keys() | found.keys())
    changed = [name for name in names if manifest.files.get(name) != found.get(name)]
    raise FilesChangedError(f"Files were changed since they were published: {', '.join(changed[:5])}.")


def load_bundle(tree: ConfigTree) -> ConfigSet:
    """The config from a tree's bundle, every digest verified. Raises BundleInvalidError, also when there is none."""
    manifest = read_manifest(tree)
    if manifest is None:
        raise BundleInvalidError("There is no bundle.")
    if (manifest.format, manifest.schema_version) != (FORMAT, SCHEMA_VERSION):
        raise BundleInvalidError(
            f"The bundle has format {manifest.format}.{manifest.schema_version}, from package {manifest.package}; "
            f"this package reads {FORMAT}.{SCHEMA_VERSION}."
        )
    verify_files(manifest, tree)
    if manifest.sha != tree.revision:
        raise BundleInvalidError(f"The bundle belongs to {manifest.sha}, not to {tree.revision}.")
    bundle = tree.sealed.get(BUNDLE_FILE, b"")
    if manifest.bundle != hashlib.sha256(bundle).hexdigest():
        raise BundleInvalidError(f"{BUNDLE_FILE} is damaged: its digest differs from the manifest's.")
    try:
        return load_lines(bundle.splitlines())
    except (ValidationError, ValueError, KeyError) as error:
        raise BundleInvalidError(f"{BUNDLE_FILE} does not fit this package: {error}") from error


def _seal(manifest: BundleManifest) -> str:
    plain = manifest.model_dump(exclude={"seal"})
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
