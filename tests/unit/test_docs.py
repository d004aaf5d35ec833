"""The documentation is true where a program can tell: links, commands, make targets, and nothing of one machine."""

from __future__ import annotations

import re
import shlex
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from mergecells.apps.cli.main import build_app

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")])
RECORDS = sorted(REPOSITORY.glob("docs/decisions/[0-9]*.md"))

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
FENCED = re.compile(r"^```(?:sh|console|text)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND_LINE = re.compile(r"^(?:    |\$ )?mergecells (?P<rest>.*)$", re.MULTILINE)
COMMAND_INLINE = re.compile(r"`mergecells (?P<rest>[^`\n]*)`")
MAKE = re.compile(r"(?:^    |`)make (?P<target>[a-z][a-z-]*)", re.MULTILINE)
# Folders of the machines that people and build systems work on, and the hosts that packages come from.
OF_ONE_MACHINE = re.compile(
    r"(?<![\w.~$}-])/(?:work|root|home|Users|opt|builds?)/[\w.-]+"
    r"|\b(?:pypi|npmjs|yarnpkg|pythonhosted)\.(?:org|com)\b"
)


def prose(page: Path) -> str:
    """The page without its code, where brackets and parentheses mean something else."""
    return CODE.sub("", page.read_text(encoding="utf-8"))


def page_name(page: Path) -> str:
    return page.relative_to(REPOSITORY).as_posix()


def heading_anchors(page: Path) -> set[str]:
    """Headings as GitHub links to them: lower case, blanks as hyphens, punctuation gone."""
    titles = re.findall(r"^#+ +(.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_docs_relative_links_resolve(page: Path) -> None:
    """Every link to a file of the repository leads to one, and every anchor to a heading."""
    broken = []
    for target in (a or b for a, b in LINK.findall(prose(page))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        place = (page.parent / name).resolve() if name else page
        if not place.exists() or (anchor and anchor not in heading_anchors(place)):
            broken.append(target)
    assert broken == []


def commands_in(page: Path) -> list[list[str]]:
    """The words after `mergecells` of each command that the page shows, without its trailing remark."""
    text = page.read_text(encoding="utf-8")
    blocks = [*FENCED.findall(text), *re.findall(r"^    .*$", text, re.MULTILINE)]
    found = [match["rest"] for block in blocks for match in COMMAND_LINE.finditer(block)]
    found += [match["rest"] for match in COMMAND_INLINE.finditer(text)]
    # A comment, or two blanks and more, separates a command from the remark beside it.
    return [shlex.split(re.split(r"\s{2,}|\s#", line.replace("…", " "))[0]) for line in found]


@cache
def whole_command_line() -> Any:
    return typer.main.get_command(build_app())


def unknown_part(words: list[str]) -> str | None:
    """The first word of a command that the command line does not have, None when all are known."""
    command = whole_command_line()
    options = _options(command)
    for word in words:
        if word.startswith("-"):
            if word.partition("=")[0] not in options:
                return word
        elif word in getattr(command, "commands", {}):
            command = command.commands[word]
            options |= _options(command)
        elif hasattr(command, "commands") and re.fullmatch(r"[a-z-]+", word):
            return word
    return None


def _options(command: Any) -> set[str]:
    names = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    return names | {"--help", "-h"}


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=page_name)
def test_docs_commands_exist(page: Path) -> None:
    """Every `mergecells …` on the page names a command and options that the command line has."""
    unknown = {" ".join(words): unknown_part(words) for words in commands_in(page)}
    assert {line: part for line, part in unknown.items() if part} == {}


def test_docs_command_that_does_not_exist_is_noticed() -> None:
    """The test above can fail: a wrong verb, a wrong sub-command and a wrong option are each found."""
    assert unknown_part(["exprot", "--apply"]) == "exprot"
    assert unknown_part(["pulls", "lst"]) == "lst"
    assert unknown_part(["export", "--aply"]) == "--aply"
    assert unknown_part(["export", "--apply"]) is None


def test_docs_every_command_is_documented() -> None:
    """Each command has a section on the generated page, and each says what it does."""
    headings = heading_anchors(REPOSITORY / "docs/commands.md")
    for name, command in whole_command_line().commands.items():
        assert f"mergecells-{name}" in headings
        assert (command.help or "").strip(), f"{name} has no help"


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_docs_make_targets_exist(page: Path) -> None:
    """Every `make …` on the page is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(MAKE.findall(page.read_text(encoding="utf-8"))) <= targets


def test_docs_index_names_every_page() -> None:
    """A page that docs/README.md does not name is not found."""
    index = (REPOSITORY / "docs/README.md").read_text(encoding="utf-8")
    pages = {page.name for page in REPOSITORY.glob("docs/*.md")} - {"README.md"}
    assert {name for name in pages if f"]({name})" not in index} == set()


def test_docs_every_test_named_in_the_table_of_faults_exists() -> None:
    """`tests/…/test_x.py::test_y`: the file has a test of that name; a renamed one must be renamed on the page too."""
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (REPOSITORY / "docs/faults.md").read_text(encoding="utf-8"))
    assert len(named) > 40
    missing = [
        f"{file}::{test}"
        for file, test in named
        if not re.search(rf"^def {test}\(", (REPOSITORY / file).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert missing == []


def test_docs_texts_in_the_sheet_guides_table_of_errors_are_those_of_the_code() -> None:
    """Each is in the add-on or in the package, between its `…`; a message that is reworded must be so here too."""
    table = (REPOSITORY / "docs/sheet-guide.md").read_text(encoding="utf-8").partition("## When something is wrong")[2]
    texts = re.findall(r"^\| (?!the sidebar says|---)(.*?) \|", table.partition("\n## ")[0], re.MULTILINE)
    assert len(texts) > 20
    places = [*(REPOSITORY / "sheets").iterdir(), *(REPOSITORY / "pipeline").rglob("*.py")]
    code = "\n".join(place.read_text(encoding="utf-8") for place in places if place.is_file())
    pieces = {piece.strip("() ") for text in texts for piece in re.split("…|100 %", text)}
    assert {piece for piece in pieces if len(piece) > 3 and piece not in code} == set()


@pytest.mark.parametrize("record", RECORDS, ids=page_name)
def test_docs_decision_record_is_complete(record: Path) -> None:
    """Number and title, a status, context, decision, consequences, rejected alternatives, and a line in the index."""
    text = record.read_text(encoding="utf-8")
    assert text.startswith(f"# {record.name[:4]} ")
    assert re.search(r"^Status: (proposed|accepted|superseded by \d{4}) \(\d{4}-\d{2}\)$", text, re.MULTILINE)
    sections = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert sections == ["Context", "Decision", "Consequences", "Rejected"]
    assert f"]({record.name})" in (record.parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.needs("git")
def test_docs_and_code_hold_nothing_of_one_machine() -> None:
    """No tracked text names a folder of somebody's machine or the host of a package registry."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    found = []
    for name in filter(None, listing.stdout.split("\0")):
        place = REPOSITORY / name
        content = place.read_bytes() if place.is_file() else b""
        if b"\0" in content[:8000]:
            continue
        found += [f"{name}: {match[0]}" for match in OF_ONE_MACHINE.finditer(content.decode("utf-8", "replace"))]
    assert found == []
