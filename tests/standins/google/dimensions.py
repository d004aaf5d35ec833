"""Rows and columns that come, go and move, and sorting."""

from __future__ import annotations

from standins.google.formulas import Adjust, Span, shift_formula
from standins.google.grid import Json, Spreadsheet, Tab, invalid


def _span(book: Spreadsheet, about: Json) -> tuple[Tab, bool, int, int]:
    tab = book.tab(about.get("sheetId", 0))
    rows = about["dimension"] == "ROWS"
    if "startIndex" not in about or "endIndex" not in about:
        raise invalid("Both the start and end indexes must be bounded.")
    start, end = about["startIndex"], about["endIndex"]
    if not 0 <= start < end:
        raise invalid(f"{start} to {end} is no range.")
    return tab, rows, start, end


def _grow(tab: Tab, rows: bool, by: int) -> None:
    high, wide = tab.size
    tab.resize(high + by if rows else high, wide if rows else wide + by)
    if min(tab.size) < 1:
        raise invalid("You can't delete all the rows on the sheet.")


def insert_dimension(book: Spreadsheet, body: Json) -> Json:
    tab, rows, start, end = _span(book, body["range"])
    if start > tab.size[0 if rows else 1]:
        raise invalid(f"range.startIndex[{start}] is after the grid.")
    if body.get("inheritFromBefore") and start == 0:
        raise invalid("Cannot inherit from before the first row or column.")
    count = end - start

    def moved(span: Span) -> Span:
        # A range grows when something is put strictly inside of it.
        return (span[0] + count * (span[0] >= start), span[1] + count * (span[1] > start))

    book.move(tab, rows, moved, moved)
    _grow(tab, rows, count)
    model = start - 1 if body.get("inheritFromBefore") else end
    for (row, column), cell in list(tab.cells.items()):
        if (row if rows else column) == model and "userEnteredFormat" in cell:
            for index in range(start, end):
                tab.cells[(index, column) if rows else (row, index)] = {"userEnteredFormat": cell["userEnteredFormat"]}
    return {}


def _removal(start: int, end: int) -> Adjust:
    def moved(span: Span) -> Span | None:
        def place(index: int) -> int:
            return index - max(0, min(index, end) - start)

        found = (place(span[0]), place(span[1]))
        return found if found[0] < found[1] else None

    return moved


def delete_dimension(book: Spreadsheet, body: Json) -> Json:
    tab, rows, start, end = _span(book, body["range"])
    if end > tab.size[0 if rows else 1]:
        raise invalid(f"range.endIndex[{end}] is after the grid.")
    removal = _removal(start, end)
    book.move(tab, rows, removal, removal)
    _grow(tab, rows, start - end)
    return {}


def append_dimension(book: Spreadsheet, body: Json) -> Json:
    _grow(book.tab(body.get("sheetId", 0)), body["dimension"] == "ROWS", body["length"])
    return {}


def move_dimension(book: Spreadsheet, body: Json) -> Json:
    tab, rows, start, end = _span(book, body["source"])
    target = body.get("destinationIndex", 0)
    limit = tab.size[0 if rows else 1]
    if start < target < end:
        raise invalid("The destination lies inside the source.")
    if max(end, target) > limit:
        raise invalid(f"The move leaves the grid of {limit}.")
    if any(_splits(area, rows, start, end, target) for area in tab.merges):
        raise invalid("You can't perform this action because merged cells are in the way.")
    count = end - start
    removal = _removal(start, end)
    hole = target - count if target > start else target

    def one(span: Span) -> Span:
        index = span[0]
        if start <= index < end:
            index = hole + index - start
        else:
            removed = removal(span)
            assert removed
            index = removed[0] + count * (removed[0] >= hole)
        return (index, index + 1)

    def several(span: Span) -> Span | None:
        if start <= span[0] and span[1] <= end:
            return (span[0] - start + hole, span[1] - start + hole)
        removed = removal(span)
        assert removed
        return (removed[0] + count * (removed[0] >= hole), removed[1] + count * (removed[1] > hole))

    book.move(tab, rows, one, several)
    return {}


def _splits(area: Json, rows: bool, start: int, end: int, target: int) -> bool:
    first = area["startRowIndex" if rows else "startColumnIndex"]
    last = area["endRowIndex" if rows else "endColumnIndex"]
    return first < target < last or first < start < last or first < end < last


def sort_range(book: Spreadsheet, body: Json) -> Json:
    """Values, formats and notes of the range's cells change places; relative references are as if copied."""
    area = body["range"]
    tab = book.tab(area.get("sheetId", 0))
    top, bottom = area["startRowIndex"], area["endRowIndex"]
    left, right = area["startColumnIndex"], area["endColumnIndex"]
    column = body["sortSpecs"][0].get("dimensionIndex", 0)

    def key(row: int) -> tuple[int, float, str]:
        value = tab.cells.get((row, column), {}).get("userEnteredValue", {})
        if "numberValue" in value:
            return (0, value["numberValue"], "")
        text = value.get("stringValue", value.get("formulaValue"))
        return (1, 0.0, text.lower()) if text is not None else (2, 0.0, "")

    order = sorted(range(top, bottom), key=key, reverse=body["sortSpecs"][0].get("sortOrder") == "DESCENDING")
    before = {place: cell for place, cell in tab.cells.items() if top <= place[0] < bottom and left <= place[1] < right}
    for place in before:
        del tab.cells[place]
    for new, old in enumerate(order, start=top):
        for at in range(left, right):
            cell = before.get((old, at))
            if cell:
                formula = cell.get("userEnteredValue", {}).get("formulaValue")
                if formula:
                    cell = {**cell, "userEnteredValue": {"formulaValue": shift_formula(formula, new - old, 0)}}
                tab.cells[new, at] = cell
    return {}
