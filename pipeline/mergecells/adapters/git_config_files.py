"""The config of one commit: its manifest says which files of the repository belong to it."""

from __future__ import annotations

from mergecells.adapters.git_repository import GitRepository
from mergecells.domain.config_files import is_config_file
from mergecells.domain.manifest import MANIFEST_NAME
from mergecells.domain.revision import Revision
from mergecells.transforms.yaml_to_config import parse_manifest


def read_config_files(repository: GitRepository, revision: Revision, prefix: str = "") -> dict[str, bytes]:
    """The config files below `prefix`, by path relative to it; code and documents beside them are left out.

    A manifest that cannot be used counts as one without tabs of its own: its findings come from the check. Raises
    ConfigRejectedError for links, submodules, oversize and unsafe paths, UnknownRevisionError.
    """
    manifest, _ = parse_manifest(repository.read_files(revision, prefix, lambda path: path == MANIFEST_NAME))
    return repository.read_files(revision, prefix, lambda path: is_config_file(path, manifest))
