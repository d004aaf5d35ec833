"""Prints the part of requirements.lock that some extras need, hashes included, for an image that holds no more.

    python tools/lock_subset.py --extra cli --extra service > requirements.txt
    python tools/lock_subset.py --group build              > requirements.txt

A package is kept when an extra (or the project's own dependencies, or the group) names it, or when a kept package is
among those that the lock file says it came by (`# via`). The lock covers all extras together, so a package may be kept
for an option of its parent that is not used here: one too many, never one too few. Needs nothing but Python.
"""

from __future__ import annotations

import argparse
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_OWN = re.compile(r"mergecells\[([^\]]+)\]")


def normal(name: str) -> str:
    """The spelling that package indexes compare by (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_lock(text: str) -> dict[str, tuple[str, set[str]]]:
    """Each package's name → its lines, and the packages that it came by."""
    entries: dict[str, tuple[str, set[str]]] = {}
    for block in re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"(?m)\A(?:#.*\n)+", "", text)):
        if match := _NAME.match(block):
            by = re.findall(r"#(?: via)? +([A-Za-z0-9][^\s(]*)", block)
            # One package may be there in two versions, each for other versions of Python.
            lines, former = entries.get(normal(match[0]), ("", set()))
            found = former | {normal(name) for name in by if name != "via"}
            entries[normal(match[0])] = (f"{lines}\n{block.rstrip()}".lstrip(), found)
    return entries


def wanted(project: dict[str, Any], extras: Iterable[str], groups: Iterable[str]) -> set[str]:
    """The names that the extras and groups state themselves; with an extra go the project's own dependencies."""
    optional, waiting, names = project["project"]["optional-dependencies"], list(extras), set[str]()
    lines = list(project["project"]["dependencies"]) if waiting else []
    for group in groups:
        lines += [line for line in project["dependency-groups"][group] if isinstance(line, str)]
    done: set[str] = set()
    while waiting:
        extra = waiting.pop()
        if extra not in done:
            done.add(extra)
            lines += optional[extra]
            waiting += [
                one.strip() for line in optional[extra] for part in _OWN.findall(line) for one in part.split(",")
            ]
    for line in lines:
        if not _OWN.match(line) and (match := _NAME.match(line)):
            names.add(normal(match[0]))
    return names


def subset(lock: dict[str, tuple[str, set[str]]], roots: set[str]) -> list[str]:
    """The kept names, sorted. Raises SystemExit for a name that the lock does not know."""
    if missing := roots - set(lock):
        raise SystemExit(f"requirements.lock does not hold {', '.join(sorted(missing))}: run make lock")
    kept: set[str] = set()
    more = set(roots)
    while more:
        kept |= more
        more = {name for name, (_, by) in lock.items() if name not in kept and by & more}
    return sorted(kept)


def main() -> None:
    parser = argparse.ArgumentParser(description="Part of requirements.lock.")
    parser.add_argument("--extra", action="append", default=[])
    parser.add_argument("--group", action="append", default=[])
    chosen = parser.parse_args()
    root = Path(__file__).resolve().parents[1]
    lock = read_lock((root / "requirements.lock").read_text(encoding="utf-8"))
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    for name in subset(lock, wanted(project, chosen.extra, chosen.group)):
        print(lock[name][0])


if __name__ == "__main__":
    main()
