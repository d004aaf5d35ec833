"""A report as a page of lines and tables, and how a page becomes text, markdown or CSV."""

from __future__ import annotations

import csv
import io
import textwrap
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from mergecells.transforms.markdown_escape import table_code_span, visible

WIDTH: Final = 100
LONGEST_NAME: Final = 48
SHORTEST_NAME: Final = 12
Kind = Literal["line", "warning", "good"]


@dataclass(frozen=True, slots=True)
class Column:
    """`name`: what people or programs called something, shown harmless. `rank` 0 always stays; on a narrow terminal the
    columns with the highest rank go first."""

    title: str
    rank: int = 0
    name: bool = False
    left: bool = False


@dataclass(frozen=True, slots=True)
class PageTable:
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    under: str = ""


@dataclass(frozen=True, slots=True)
class PageLine:
    """`names` are put into the text where it has `{}`: a code span in markdown, harmless on a terminal."""

    text: str
    kind: Kind = "line"
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    title: str
    lines: tuple[PageLine, ...] = ()
    tables: tuple[PageTable, ...] = ()
    after: tuple[PageLine, ...] = field(default=())


_COLOURS: Final = {"warning": "33", "good": "32"}


def render_page_text(page: Page, width: int = WIDTH, *, colour: bool = False) -> str:
    """For a terminal of `width` columns. `colour`: ANSI sequences for what needs a look."""
    parts = [_bold(line, colour) for line in textwrap.wrap(page.title, max(width, 20))]
    parts += [*_lines(page.lines, width, colour)]
    for table in page.tables:
        parts += ["", _bold(table.title, colour), *_text_table(table, width)]
        parts += [f"  {table.under}"] if table.under else []
    if page.after:
        parts += ["", *_lines(page.after, width, colour)]
    return "\n".join(parts)


def _bold(text: str, colour: bool) -> str:
    return f"\x1b[1m{text}\x1b[0m" if colour else text


def _lines(lines: Sequence[PageLine], width: int, colour: bool) -> Iterator[str]:
    for line in lines:
        text = line.text.format(*(visible(name, LONGEST_NAME) for name in line.names)) if line.names else line.text
        shade = _COLOURS.get(line.kind) if colour else None
        for part in textwrap.wrap(text, max(width, 20), subsequent_indent="  ", break_on_hyphens=False) or [""]:
            yield f"\x1b[{shade}m{part}\x1b[0m" if shade else part


def _text_table(table: PageTable, width: int) -> Iterator[str]:
    if not table.rows:
        yield "  nothing"
        return
    cells = [
        [visible(cell, LONGEST_NAME) if column.name else cell for column, cell in zip(table.columns, row, strict=True)]
        for row in table.rows
    ]
    kept = _fitting(table.columns, cells, width)
    shown = [[column.title for column in table.columns], *cells]
    widths = {index: max(columns_of(row[index]) for row in shown) for index in kept}
    spare = width - 2 - sum(widths.values()) - 2 * (len(kept) - 1)
    names = [index for index in kept if table.columns[index].name]
    for index in names if spare < 0 else []:
        less = min(-spare, max(0, widths[index] - SHORTEST_NAME))
        widths[index], spare = widths[index] - less, spare + less
    for row in shown:
        line = "  ".join(_padded(row[index], widths[index], table.columns[index]) for index in kept)
        yield f"  {line}".rstrip()


def _fitting(columns: Sequence[Column], cells: Sequence[Sequence[str]], width: int) -> list[int]:
    """The columns that fit; names count at their shortest."""
    kept = list(range(len(columns)))

    def needed(index: int) -> int:
        longest = max(columns_of(columns[index].title), *(columns_of(row[index]) for row in cells))
        return min(longest, SHORTEST_NAME) if columns[index].name else longest

    while sum(map(needed, kept)) + 2 * len(kept) > width:
        optional = [index for index in kept if columns[index].rank]
        if not optional:
            break
        kept.remove(max(optional, key=lambda index: (columns[index].rank, index)))
    return kept


def _padded(text: str, width: int, column: Column) -> str:
    if columns_of(text) > width:
        text = f"{_cut(text, width - 1)}…"
    blanks = " " * (width - columns_of(text))
    return f"{text}{blanks}" if column.left or column.name else f"{blanks}{text}"


def columns_of(text: str) -> int:
    """Columns of a terminal: East Asian wide signs take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )


def _cut(text: str, width: int) -> str:
    kept, used = [], 0
    for sign in text:
        used += columns_of(sign)
        if used > width:
            break
        kept.append(sign)
    return "".join(kept)


def render_page_markdown(page: Page) -> str:
    """For an issue or a pull request. Names are code spans, in which no markup acts."""
    parts = [f"## {page.title}", "", *_markdown_lines(page.lines)]
    for table in page.tables:
        parts += ["", f"### {table.title}", "", *_markdown_table(table)]
        parts += ["", table.under] if table.under else []
    if page.after:
        parts += ["", *_markdown_lines(page.after)]
    return "\n".join(parts) + "\n"


def _markdown_lines(lines: Sequence[PageLine]) -> Iterator[str]:
    for line in lines:
        spans = [table_code_span(name, LONGEST_NAME) for name in line.names]
        text = line.text.format(*spans) if spans else line.text
        yield f"- **{text}**" if line.kind == "warning" else f"- {text}"


def _markdown_table(table: PageTable) -> Iterator[str]:
    if not table.rows:
        yield "Nothing."
        return
    yield f"| {' | '.join(column.title for column in table.columns)} |"
    yield f"|{'|'.join(' --- ' if column.left or column.name else ' ---: ' for column in table.columns)}|"
    for row in table.rows:
        cells = [
            table_code_span(cell, LONGEST_NAME) if column.name else cell
            for column, cell in zip(table.columns, row, strict=True)
        ]
        yield f"| {' | '.join(cells)} |"


_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def render_csv(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Comma separated, RFC 4180. A text that a spreadsheet would run as a formula gets an apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return out.getvalue()


def _harmless(cell: object) -> object:
    if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS):
        return f"'{cell}"
    return "" if cell is None else cell
