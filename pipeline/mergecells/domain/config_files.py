"""Which files of a repository are the config, and which paths may be one at all."""

from __future__ import annotations

from mergecells.domain.manifest import MANIFEST_NAME, ManifestFile

CONFIG_FOLDERS = ("scoring/", "prompts/", "schemas/")
"""A repository may hold code beside its config; only these folders, the manifest and what it names are config."""

MAX_CONFIG_FILES = 20_000
MAX_CONFIG_BYTES = 256 * 1024 * 1024
MAX_FILE_BYTES = 16 * 1024 * 1024


def is_config_file(path: str, manifest: ManifestFile | None = None) -> bool:
    """Whether `path` (relative to the config root) belongs to the config; hidden files never do."""
    if path == MANIFEST_NAME:
        return True
    if any(part.startswith(".") for part in path.split("/")):
        return False
    return path.startswith(CONFIG_FOLDERS) or path in named_files(manifest)


def named_files(manifest: ManifestFile | None) -> frozenset[str]:
    """The files that the manifest's custom tabs name: rows and schemas."""
    tabs = manifest.tabs if manifest else []
    return frozenset(path for tab in tabs for path in (tab.file, tab.schema_file) if path)


def path_problem(path: str) -> str | None:
    """Why `path` must not be written below a config root, None when it may be."""
    parts = path.split("/")
    if not path or path.startswith("/") or any(part in {"", ".", ".."} for part in parts):
        return "leaves the config root or is not a plain relative path"
    if any(part.lower().startswith(".git") and part.lower() in {".git", ".gitmodules"} for part in parts):
        return "is one of git's own files"
    if "\\" in path or any(ord(character) < 32 or ord(character) == 127 for character in path):
        return "holds a backslash or a control character"
    if any(0xD800 <= ord(character) <= 0xDFFF for character in path):
        return "is not UTF-8"
    return None
