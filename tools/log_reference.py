"""Writes the table of log events in docs/logs.md from the calls in the code, so that it cannot rot.

    python tools/log_reference.py            rewrites the page
    python tools/log_reference.py --check    exits with 1 when it is out of date

An event is a mapping with the key "event" and a text beside it, in `extra` of a log call or on its way there. Its
fields are the other keys that stand in the mapping; what is taken in with `**` is not seen.
"""

from __future__ import annotations

import ast
import functools
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "pipeline" / "mergecells"
PAGE = ROOT / "docs" / "logs.md"
QUERIES = ROOT / "deploy" / "loki" / "queries.yaml"
BEGIN, END = "<!-- begin of the generated table: make docs -->", "<!-- end of the generated table -->"
BEGIN_QUERIES, END_QUERIES = "<!-- begin of the queries -->", "<!-- end of the queries -->"
_NAME = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9_-]+)*")
_LEVELS = {"debug": "debug", "info": "info", "warning": "warning", "error": "error", "exception": "error"}


@dataclass
class Event:
    """What the code says of one event, all of its places together."""

    name: str
    levels: set[str] = field(default_factory=set)
    messages: list[str] = field(default_factory=list)
    fields: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)


@functools.cache
def events(package: Path = PACKAGE) -> dict[str, Event]:
    """Every event of the package by name."""
    found: dict[str, Event] = {}
    for path in sorted(package.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "event" not in text:
            continue
        tree = ast.parse(text)
        calls = dict(_calls(tree))
        for mapping in ast.walk(tree):
            if not isinstance(mapping, ast.Dict):
                continue
            keys = [key.value if isinstance(key, ast.Constant) else None for key in mapping.keys]
            for name in _names(mapping, keys):
                event = found.setdefault(name, Event(name))
                event.fields |= {str(key) for key in keys if key and key != "event"}
                event.files.add(path.relative_to(package).as_posix())
                for level, message in calls.get(id(mapping), ()):
                    event.levels.add(level)
                    if message and message not in event.messages:
                        event.messages.append(message)
    return found


def _names(mapping: ast.Dict, keys: list[object]) -> Iterator[str]:
    """The event's name; two of them where the code chooses between two texts."""
    if "event" not in keys:
        return
    value = mapping.values[keys.index("event")]
    for part in ast.walk(value):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and _NAME.fullmatch(part.value):
            yield part.value


def _calls(tree: ast.AST) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """For each mapping that is logged: the levels and messages of the calls, found in the function that holds both."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        mappings = {
            target.id: node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        made: dict[int, list[tuple[str, str]]] = {}
        for call in ast.walk(function):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
                continue
            extra = next((word.value for word in call.keywords if word.arg == "extra"), None)
            mapping = mappings.get(extra.id) if isinstance(extra, ast.Name) else extra
            if mapping is not None and (call.func.attr in _LEVELS or call.func.attr == "log"):
                made.setdefault(id(mapping), []).append((_LEVELS.get(call.func.attr, "info, warning"), _message(call)))
        yield from made.items()


def _message(call: ast.Call) -> str:
    texts = [arg for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    text = str(texts[0].value) if texts else ""
    return "" if text == "%s" else re.sub(r"%(?:\.\d+)?[sdgr]", "…", text)


def table() -> str:
    """The generated part of the page."""
    lines = ["| event | level | message | fields of its own | where |", "| --- | --- | --- | --- | --- |"]
    for event in sorted(events().values(), key=lambda event: event.name):
        message = "; ".join(event.messages).replace("|", "\\|") or "–"
        fields = ", ".join(f"`{name}`" for name in sorted(event.fields)) or "–"
        files = ", ".join(f"`{name}`" for name in sorted(event.files))
        levels = ", ".join(sorted(event.levels)) or "–"
        lines.append(f"| `{event.name}` | {levels} | {message} | {fields} | {files} |")
    return "\n".join(lines)


def queries() -> str:
    """The questions of deploy/loki/queries.yaml, each with its query."""
    entries = yaml.safe_load(QUERIES.read_text(encoding="utf-8"))
    return "\n\n".join(f"{entry['question']}\n\n    {entry['query']}" for entry in entries)


def page(text: str) -> str:
    """The page with its table and its queries made anew."""
    return _between(_between(text, BEGIN, END, table()), BEGIN_QUERIES, END_QUERIES, f"\n{queries()}\n")


def _between(text: str, begin: str, end: str, content: str) -> str:
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{content}\n{end}{after}"


def main() -> int:
    old = PAGE.read_text(encoding="utf-8")
    new = page(old)
    if "--check" in sys.argv[1:]:
        if old != new:
            print("docs/logs.md is out of date: run make docs", file=sys.stderr)
        return int(old != new)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
