"""The shape of a parsed document checked against its model; pydantic's errors become findings with positions."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mergecells.domain.budgets import SCOPE_PATTERN
from mergecells.domain.configset import Document
from mergecells.domain.findings import Finding
from mergecells.domain.locations import DocumentPath
from mergecells.domain.manifest import RELATIVE_PATTERN
from mergecells.domain.prompts import MODEL_NAME_PATTERN, SLUG_PATTERN
from mergecells.domain.routing import BASE_URL_PATTERN, ERROR_CLASSES, FALL_THROUGH_PATTERN, VARIABLE_PATTERN
from mergecells.domain.scoring import DATE_PATTERN, FORMULA_PATTERN, NAME_PATTERN, ONE_LINE_PATTERN
from mergecells.formula.syntax_messages import not_a_formula
from mergecells.transforms.yaml_nodes import MAX_FINDINGS

ModelT = TypeVar("ModelT", bound=BaseModel)

_RANGE = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}
_TYPES = {
    "float_type": "a number",
    "int_type": "a whole number",
    "string_type": "a text",
    "bool_type": "true or false",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "list_type": "a list",
    "finite_number": "a finite number",
}
_PATTERNS = {
    FORMULA_PATTERN: "a formula that starts with =",
    DATE_PATTERN: "a date such as 2024-02-29",
    NAME_PATTERN: "a name of letters, digits and _ that does not start with a digit",
    ONE_LINE_PATTERN: "a text on one line without blanks at its ends",
    SLUG_PATTERN: "a name of small letters, digits, - and _, such as email_body",
    MODEL_NAME_PATTERN: "the name of a model: letters, digits and . _ : / @ -",
    BASE_URL_PATTERN: "an address such as https://api.example.com/v1, without user, query or key",
    VARIABLE_PATTERN: "the name of an environment variable, such as OPENAI_API_KEY, never the key itself",
    FALL_THROUGH_PATTERN: f"none, or some of {', '.join(ERROR_CLASSES)}, separated by commas",
    SCOPE_PATTERN: "run, node, persona, day or total, or persona:NAME or node:NAME",
    RELATIVE_PATTERN: "a path relative to the config root",
}


def validate_document(document: Document, model: type[ModelT]) -> tuple[ModelT | None, list[Finding]]:
    """The model built from the document, or every `schema.*` finding about its shape."""
    if document.value is None:
        message, hint = "The file is empty.", _required_hint(model)
        return None, [Finding(code="schema.empty", message=message, hint=hint, file=document.file, line=1, column=1)]
    try:
        return model.model_validate(document.value), []
    except ValidationError as error:
        return None, _shape_findings(document, model, error.errors(include_url=False)[:MAX_FINDINGS])


def _required_hint(model: type[BaseModel]) -> str:
    needed = [name for name, field in model.model_fields.items() if field.is_required()]
    return f"It needs {', '.join(needed)}." if needed else ""


def _shape_findings(document: Document, model: type[BaseModel], errors: list[ErrorDetails]) -> list[Finding]:
    """One finding a place: a union reports once for each of its members."""
    found: dict[tuple[DocumentPath, bool], list[ErrorDetails]] = {}
    for error in errors:
        path, about_key = _document_path(document.value, error)
        found.setdefault((path, about_key), []).append(error)
    findings = []
    for (path, about_key), group in found.items():
        if len(group) == 1 or group[0]["type"] in ("missing", "extra_forbidden"):
            findings += [_finding(document, model, path, about_key, error) for error in group]
        else:
            findings.append(_union_finding(document, path))
    return findings


def _document_path(value: Any, error: ErrorDetails) -> tuple[DocumentPath, bool]:
    """The path of an error in the document; pydantic's own segments (`[key]`, a union's member) are left out."""
    location = error["loc"]
    about_key = bool(location) and location[-1] == "[key]"
    path: list[str | int] = []
    for segment in location:
        inside = isinstance(value, dict) and segment in value
        inside = inside or (isinstance(value, list) and isinstance(segment, int) and segment < len(value))
        if not inside:
            break
        path.append(segment)
        value = value[segment]
    return tuple(path), about_key


def _union_finding(document: Document, path: DocumentPath) -> Finding:
    wanted = "a number, a text, true, false or blank"
    message = f"{_name(path)} must be {wanted}, not {_kind(_value_at(document.value, path))}."
    return _at(document, path, False, "schema.type", message, "")


def _finding(
    document: Document, model: type[BaseModel], path: DocumentPath, about_key: bool, error: ErrorDetails
) -> Finding:
    kind = error["type"]
    if kind == "missing":
        name = str(error["loc"][-1])
        return _at(document, path, True, "schema.required", f"{_name(path)} lacks {name!r}.", f"Add {name}: …")
    if kind == "extra_forbidden":
        return _unknown_key(document, model, path)
    code, message, hint = _words(kind, error, _value_at(document.value, path), path, about_key)
    return _at(document, path, about_key, code, message, hint)


def _words(kind: str, error: ErrorDetails, value: Any, path: DocumentPath, about_key: bool) -> tuple[str, str, str]:
    context = error.get("ctx", {})
    name = f"The name {path[-1]!r}" if about_key else _name(path)
    if kind in _RANGE:
        words, limit = _RANGE[kind]
        return "schema.range", f"{name} is {value!r}; it must be {words} {context[limit]:g}.", ""
    if kind in _TYPES:
        quoted = isinstance(value, str) and kind in ("float_type", "bool_type", "int_type")
        hint = "Remove the quotes." if quoted else ""
        if kind == "string_type" and value is not None and not isinstance(value, dict | list):
            hint = f'Put quotes around it: "{value}".'
        return "schema.type", f"{name} must be {_TYPES[kind]}, not {_kind(value)}.", hint
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern", ""))
        hint = _formula_hint(value) if pattern == FORMULA_PATTERN and isinstance(value, str) else ""
        return "schema.pattern", f"{name} must be {_PATTERNS.get(pattern, f'like {pattern}')}.", hint
    if kind in ("too_short", "string_too_short"):
        least = context.get("min_length", 1)
        empty = "must not be empty" if least == 1 else f"needs at least {least} characters"
        return "schema.too-short", f"{name} {empty}.", ""
    if kind in ("too_long", "string_too_long"):
        most = context.get("max_length")
        hint = "Split it with named formulas." if "formula" in path or path[:1] == ("formulas",) else ""
        return "schema.too-long", f"{name} is longer than {most} characters (character {(most or 0) + 1}).", hint
    if kind in ("literal_error", "enum"):
        return "schema.choice", f"{name} is {value!r}; it must be one of {context.get('expected')}.", ""
    return "schema.invalid", f"{name}: {error['msg']}.", ""


def _formula_hint(text: str) -> str:
    """What stands before the `=`, such as an apostrophe, and what to do about it."""
    problem = not_a_formula(text)
    return f"{problem.message} (character {problem.position + 1}): {problem.hint[:1].lower()}{problem.hint[1:]}"


def _unknown_key(document: Document, model: type[BaseModel], path: DocumentPath) -> Finding:
    key = str(path[-1])
    known = _keys_at(model, path[:-1])
    close = get_close_matches(key, known, n=1, cutoff=0.6)
    hint = f"Did you mean {close[0]!r}?" if close else f"Known keys: {', '.join(known)}." if known else ""
    where = f" in {'.'.join(map(str, path[:-1]))}" if path[:-1] else ""
    return _at(document, path, True, "schema.unknown-key", f"Unknown key {key!r}{where}.", hint)


def _keys_at(annotation: Any, path: DocumentPath) -> list[str]:
    """The keys that the model at `path` knows, found by walking the annotations."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (dict, list):
        return _keys_at(arguments[-1], path[1:]) if path else []
    if origin is None and isinstance(annotation, type) and issubclass(annotation, BaseModel):
        names = {field.alias or name: field.annotation for name, field in annotation.model_fields.items()}
        return _keys_at(names.get(str(path[0])), path[1:]) if path else list(names)
    return next((keys for member in arguments if (keys := _keys_at(member, path))), [])


def _name(path: DocumentPath) -> str:
    return ".".join(str(part) for part in path) or "The file"


def _value_at(value: Any, path: DocumentPath) -> Any:
    for part in path:
        value = value[part]
    return value


def _kind(value: Any) -> str:
    names = {
        dict: "a mapping",
        list: "a list",
        str: f"the text {value!r}",
        type(None): "blank",
        bool: f"{value!r}".lower(),
    }
    text = names.get(type(value), f"the number {value!r}")
    return text if len(text) <= 60 else text[:57] + "…'"


def _at(document: Document, path: DocumentPath, about_key: bool, *words: str) -> Finding:
    place = document.locate_key(path) if about_key else document.locate(path)
    code, message, hint = words
    return Finding(code=code, message=message, hint=hint, file=place.file, line=place.line, column=place.column)
