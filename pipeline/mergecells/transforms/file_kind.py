"""Which kind of config file this is, from its name and from the keys at its top."""

from __future__ import annotations

from pathlib import PurePosixPath

from mergecells.transforms.yaml_to_config import parse_yaml

_BY_FOLDER = {"verticals": "vertical", "tables": "table"}
_BY_NAME = {
    "mergecells": "manifest",
    "rules": "rules",
    "fields": "fields",
    "examples": "examples",
    "routing": "routing",
    "budgets": "budgets",
    "prices": "prices",
    "quality": "quality",
    "smoke": "smoke",
}
_BY_KEYS = (
    ("fields", frozenset({"fields"})),
    ("examples", frozenset({"examples"})),
    ("rules", frozenset({"tiers", "components", "version"})),
    ("table", frozenset({"columns", "rows"})),
    ("vertical", frozenset({"components"})),
    ("rules", frozenset({"tiers"})),
    ("routing", frozenset({"intents"})),
    ("routing", frozenset({"routes"})),
    ("budgets", frozenset({"budgets"})),
    ("prices", frozenset({"prices"})),
    ("quality", frozenset({"dimensions"})),
    ("smoke", frozenset({"cases"})),
    ("manifest", frozenset({"workbook"})),
    ("manifest", frozenset({"checks"})),
)
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"


def guess_kind(path: str, content: bytes) -> str | None:
    """The kind, None when neither name nor content tells it. What stands inside says more than the name."""
    pure = PurePosixPath(path)
    if content[:4] in (_ZIP, _OLE):
        return "workbook"
    if pure.suffix.lower() == ".md":
        return "prompt"
    by_name = _BY_FOLDER.get(pure.parent.name) or _BY_NAME.get(pure.stem.lower())
    document, _ = parse_yaml(path, content)
    if document is None or not isinstance(document.value, dict):
        return by_name
    keys = set(document.value)
    by_keys = [kind for kind, needed in _BY_KEYS if needed <= keys]
    return by_name if by_name in by_keys or not by_keys else by_keys[0]
