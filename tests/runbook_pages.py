"""Runbooks as a program reads them: blocks of commands in order, and what the page promises after each.

    ```sh              is carried out by tests/acceptance/test_runbooks.py
    ```sh production   needs what only production has (a console, a provider, systemd); counted, never carried out

The sentence below a block, up to its full stop or colon, says what it shows: "You see `text`, `more text`", "You see
`this` or `that`", "You see nothing", "(exit status 1)". One that begins with "Within" is asked again until it is so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "runbooks"
_FENCE = re.compile(r"^```(.*)$")
_CHANGES = re.compile(
    r"\b(restart|renew|sed -i|git (push|commit|revert)|mergecells (rollback|submit|fill|pulls merge))\b"
)
_STATUS = re.compile(r"\(exit status (\d+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """`shown`: texts that must be in what the commands print, all or (`either`) one of them; None when nothing is
    promised, empty when nothing may be printed."""

    commands: str
    production: bool
    line: int
    shown: tuple[str, ...] | None = None
    status: int = 0
    again: bool = False
    either: bool = False

    @property
    def lines(self) -> int:
        """Commands, without comments and continued lines."""
        texts = [line for line in self.commands.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        return sum(not line.startswith((" ", "\t")) for line in texts)


def pages() -> list[Path]:
    return sorted(page for page in FOLDER.glob("*.md") if page.name != "README.md")


def blocks(page: Path) -> list[Block]:
    """Fails for a block that is neither to be carried out nor labelled as production's."""
    return list(_blocks(page.name, page.read_text(encoding="utf-8").splitlines()))


def _blocks(name: str, lines: list[str]) -> Iterator[Block]:
    number = 0
    while number < len(lines):
        fence = _FENCE.match(lines[number])
        assert fence or not lines[number].startswith("    "), (
            f"{name}:{number + 1}: an indented block is not carried out"
        )
        number += 1
        if fence:
            assert fence[1] in {"sh", "sh production"}, f"{name}:{number}: {fence[1]!r}"
            end = next(at for at in range(number, len(lines)) if lines[at] == "```")
            commands = "\n".join(lines[number:end]) + "\n"
            yield _block(commands, fence[1] == "sh production", number, _paragraph(lines, end + 1))
            number = end + 1


def _paragraph(lines: list[str], at: int) -> str:
    while at < len(lines) and not lines[at].strip():
        at += 1
    end = next((n for n in range(at, len(lines)) if not lines[n].strip() or lines[n].startswith("```")), len(lines))
    return " ".join(lines[at:end])


def _block(commands: str, production: bool, line: int, told: str) -> Block:
    if production or not told.startswith(("You see", "Within")):
        return Block(commands, production, line)
    promise, words = _sentence(told)
    shown = tuple(re.findall(r"`([^`]+)`", promise))
    assert shown or "nothing" in words, f"line {line} promises neither a text nor nothing: {told}"
    status = _STATUS.search(promise)
    again = told.startswith("Within")
    assert not (again and _CHANGES.search(commands)), f"line {line} is asked again, and changes something each time"
    return Block(
        commands,
        production,
        line,
        shown,
        int(status[1]) if status else 0,
        again,
        " or " in words,
    )


def _sentence(told: str) -> tuple[str, str]:
    """(the first sentence, its words without what is quoted)."""
    hidden = re.sub(r"`[^`]*`", lambda quoted: "`" * len(quoted[0]), told)
    end = re.search(r"[.:;](?: |$)", hidden)
    until = end.start() if end else len(told)
    return told[:until], hidden[:until]
