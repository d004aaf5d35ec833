"""Named ranges, protected ranges, conditional formats and developer metadata."""

from __future__ import annotations

import re
from typing import Any

from standins.google.formulas import REFERENCE, sheet_of
from standins.google.grid import Json, Spreadsheet, invalid
from standins.google.masks import parse_mask, write_masked

# Help page of named ranges: letters, numbers, underscores; no number, `true` or `false` first; no A1 or R1C1 address.
_NAME = re.compile(r"(?!true|false)[A-Za-z_][A-Za-z0-9_]{0,249}\Z", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:[A-Za-z]{1,3}[0-9]+|[Rr][0-9]*(?:[Cc][0-9]*)?|[Cc][0-9]*)\Z")


def _check_name(book: Spreadsheet, name: str, own: str) -> None:
    if not _NAME.match(name) or _ADDRESS.match(name):
        raise invalid(f"The name {name} is not valid for a named range.")
    if any(each["name"].lower() == name.lower() and each["namedRangeId"] != own for each in book.named):
        raise invalid(f"Cannot add a named range with name: {name}. A named range with that name already exists.")


def _add_named(book: Spreadsheet, body: Json) -> Json:
    wanted = body["namedRange"]
    made = {"namedRangeId": str(book.new_id()), **wanted}
    _check_name(book, made.get("name", ""), "")
    book.tab(made["range"].get("sheetId", 0))
    book.named.append(made)
    return {"namedRange": made}


def _find(held: list[Json], key: str, value: Any, what: str) -> Json:
    found = next((each for each in held if each[key] == value), None)
    if found is None:
        raise invalid(f"No {what} with id: {value}")
    return found


def _update_named(book: Spreadsheet, body: Json) -> Json:
    wanted, mask = body["namedRange"], parse_mask(body["fields"])
    found = _find(book.named, "namedRangeId", wanted["namedRangeId"], "named range")
    write_masked(mask, found, wanted)
    _check_name(book, found["name"], found["namedRangeId"])
    return {}


def _delete_named(book: Spreadsheet, body: Json) -> Json:
    book.named.remove(_find(book.named, "namedRangeId", body["namedRangeId"], "named range"))
    return {}


def _add_protected(book: Spreadsheet, body: Json) -> Json:
    wanted = body["protectedRange"]
    if wanted.get("warningOnly") and wanted.get("editors"):
        raise invalid("Editors are not supported with warning-only protection.")
    if "range" not in wanted:
        raise NotImplementedError("protected ranges backed by names")
    tab = book.tab(wanted["range"].get("sheetId", 0))
    made = {"protectedRangeId": book.new_id(), "requestingUserCanEdit": True, **wanted}
    tab.protected.append(made)
    return {"protectedRange": made}


def _update_protected(book: Spreadsheet, body: Json) -> Json:
    wanted = body["protectedRange"]
    held = [each for tab in book.tabs for each in tab.protected]
    found = _find(held, "protectedRangeId", wanted["protectedRangeId"], "protected range")
    write_masked(parse_mask(body["fields"]), found, wanted)
    return {}


def _delete_protected(book: Spreadsheet, body: Json) -> Json:
    for tab in book.tabs:
        for each in tab.protected:
            if each["protectedRangeId"] == body["protectedRangeId"]:
                tab.protected.remove(each)
                return {}
    raise invalid(f"No protected range with id: {body['protectedRangeId']}")


def _add_rule(book: Spreadsheet, body: Json) -> Json:
    rule = body["rule"]
    sheets = {area.get("sheetId", 0) for area in rule.get("ranges", [])}
    if len(sheets) != 1 or ("booleanRule" in rule) == ("gradientRule" in rule):
        raise invalid("A rule has ranges of one grid, and is either boolean or a gradient.")
    tab = book.tab(sheets.pop())
    condition = rule.get("booleanRule", {}).get("condition", {})
    if condition.get("type") == "CUSTOM_FORMULA":
        text = condition["values"][0]["userEnteredValue"]
        # Other sheets can be reached through INDIRECT only: help page of conditional formatting.
        others = [sheet_of(m["sheet"]) for m in REFERENCE.finditer(text) if m["sheet"]]
        if not text.startswith("=") or others:
            raise invalid("Conditional format rule cannot reference a different sheet.")
    tab.conditional.insert(body.get("index", len(tab.conditional)), rule)
    return {}


def _delete_rule(book: Spreadsheet, body: Json) -> Json:
    tab = book.tab(body.get("sheetId", 0))
    index = body.get("index", 0)
    if index >= len(tab.conditional):
        raise invalid(f"No conditional format on sheet: {tab.id} at index: {index}")
    rule = tab.conditional.pop(index)
    return {"rule": rule}


def _create_metadata(book: Spreadsheet, body: Json) -> Json:
    wanted = body["developerMetadata"]
    made = {"metadataId": book.new_id(), **wanted}
    if not made.get("metadataKey") or made.get("visibility") not in ("DOCUMENT", "PROJECT"):
        raise invalid("Developer metadata needs a key and a visibility.")
    if made["metadataId"] <= 0 or any(each["metadataId"] == made["metadataId"] for each in book.metadata):
        raise invalid(f"Developer metadata with id {made['metadataId']} already exists.")
    made["location"] = _location(book, made.get("location", {}))
    book.metadata.append(made)
    return {"developerMetadata": made}


def _location(book: Spreadsheet, wanted: Json) -> Json:
    if len(wanted) != 1:
        raise invalid("Developer metadata has exactly one location.")
    if wanted.get("spreadsheet"):
        return {"locationType": "SPREADSHEET", "spreadsheet": True}
    if "sheetId" in wanted:
        book.tab(wanted["sheetId"])
        return {"locationType": "SHEET", "sheetId": wanted["sheetId"]}
    span = wanted["dimensionRange"]
    book.tab(span.get("sheetId", 0))
    if span["endIndex"] - span["startIndex"] != 1:
        raise invalid("Developer metadata stands at a single row or column.")
    return {"locationType": "ROW" if span["dimension"] == "ROWS" else "COLUMN", "dimensionRange": dict(span)}


def _matches(each: Json, filters: Json) -> bool:
    lookup = filters.get("developerMetadataLookup")
    if not lookup or not set(lookup) <= {"metadataId", "metadataKey", "metadataValue", "visibility"}:
        raise NotImplementedError("this way to look up developer metadata")
    return all(each.get(key) == value for key, value in lookup.items())


def _update_metadata(book: Spreadsheet, body: Json) -> Json:
    mask = parse_mask(body["fields"])
    found = [each for each in book.metadata if any(_matches(each, one) for one in body["dataFilters"])]
    for each in found:
        write_masked(mask, each, body["developerMetadata"])
    return {"developerMetadata": found}


def _delete_metadata(book: Spreadsheet, body: Json) -> Json:
    gone = [each for each in book.metadata if _matches(each, body["dataFilter"])]
    book.metadata = [each for each in book.metadata if each not in gone]
    return {"deletedDeveloperMetadata": gone}


HANDLERS = {
    "addNamedRange": _add_named,
    "updateNamedRange": _update_named,
    "deleteNamedRange": _delete_named,
    "addProtectedRange": _add_protected,
    "updateProtectedRange": _update_protected,
    "deleteProtectedRange": _delete_protected,
    "addConditionalFormatRule": _add_rule,
    "deleteConditionalFormatRule": _delete_rule,
    "createDeveloperMetadata": _create_metadata,
    "updateDeveloperMetadata": _update_metadata,
    "deleteDeveloperMetadata": _delete_metadata,
}
