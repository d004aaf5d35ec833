"""A document against a JSON Schema, as an editor or a program in another language checks it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from mergecells.domain.configset import Document
from mergecells.domain.findings import Finding
from mergecells.domain.locations import DocumentPath
from mergecells.transforms.schema_export import export_schema

_CODES = {
    "additionalProperties": "schema.unknown-key",
    "unevaluatedProperties": "schema.unknown-key",
    "required": "schema.required",
    "type": "schema.type",
    "anyOf": "schema.type",
    "enum": "schema.choice",
    "const": "schema.choice",
    "pattern": "schema.pattern",
    "minimum": "schema.range",
    "maximum": "schema.range",
    "exclusiveMinimum": "schema.range",
    "exclusiveMaximum": "schema.range",
    "minLength": "schema.too-short",
    "minItems": "schema.too-short",
    "minProperties": "schema.too-short",
    "maxLength": "schema.too-long",
    "maxItems": "schema.too-long",
}
_LONGEST_MESSAGE = 200


class SchemaProblem(ValueError):  # noqa: N818 - names what the schema is, not a failure of the program
    """The schema itself cannot be used."""


def check_published(document: Document, kind: str) -> list[Finding]:
    """The document against the published schema of its kind (`rules`, `fields`, …)."""
    return list(_findings(document, _published(kind)))


def check_document(document: Document, schema: Any) -> list[Finding]:
    """The document against any schema. Raises SchemaProblem when the schema is none."""
    return list(_findings(document, _validator(schema)))


def require_schema(schema: Any) -> None:
    """Raises SchemaProblem when a schema cannot be used."""
    _validator(schema)


@cache
def _published(kind: str) -> Any:
    return _validator(export_schema(kind))


def _validator(schema: Any) -> Any:
    """Patterns run in an engine of linear time: a team's own schema may hold `^(a+)+$`."""
    import jsonschema_rs

    try:
        return jsonschema_rs.Draft202012Validator(schema, pattern_options=jsonschema_rs.RegexOptions())
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise SchemaProblem(str(error).splitlines()[0]) from error


def _findings(document: Document, validator: Any) -> Iterator[Finding]:
    for path in _not_finite(document.value, ()):
        yield _at(document, path, "schema.type", "The number is not finite.")
    for error in validator.iter_errors(document.value):
        path = tuple(error.instance_path)
        keyword = str(error.schema_path[-1]) if error.schema_path else ""
        about_key = "propertyNames" in error.schema_path
        code = _CODES.get(keyword, "schema.invalid")
        yield _at(document, path, code, _words(error.message), about_key)


def _words(message: str) -> str:
    text = message if len(message) <= _LONGEST_MESSAGE else message[: _LONGEST_MESSAGE - 1] + "…"
    return text[:1].upper() + text[1:] + "."


def _at(document: Document, path: DocumentPath, code: str, message: str, about_key: bool = False) -> Finding:
    place = document.locate_key(path) if about_key else document.locate(path)
    return Finding(code=code, message=message, file=place.file, line=place.line, column=place.column)


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # a whole number beyond the range of any float
        return False


def _not_finite(value: Any, path: DocumentPath) -> Iterator[DocumentPath]:
    """JSON has no NaN and no infinity; the validator would take them for null."""
    if isinstance(value, int | float) and not _is_finite(value):
        yield path
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _not_finite(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _not_finite(inner, (*path, index))
