"""Google's own descriptions of its APIs, as a strict judge of every request and answer."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "conformance" / "google"
WRITABLE = {("Permission", "emailAddress"), ("Permission", "domain")}
"""Marked as read-only, and the way to say whom to share with all the same: the guide "Share files, folders and drives"
has them in the body of permissions.create."""

Seen = dict[tuple[int, str], Any]
_INTEGERS = {"int32": (-(2**31), 2**31 - 1), "uint32": (0, 2**32 - 1)}


class NotDescribed(Exception):  # noqa: N818 - it says what it is
    """Something that the description does not have; `path` leads to it."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path or 'the body'}: {problem}")


@dataclass(frozen=True)
class Call:
    """One request, matched with a method of a description."""

    api: Api
    method: dict[str, Any]
    path: dict[str, str]
    query: dict[str, list[str]]

    @property
    def id(self) -> str:
        return str(self.method["id"])

    def flag(self, name: str) -> bool:
        return self.query.get(name, ["false"])[-1] == "true"

    def text(self, name: str) -> str:
        return self.query.get(name, [""])[-1]


class Api:
    """One description."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.schemas: dict[str, Any] = document["schemas"]
        self.common: dict[str, Any] = document["parameters"]
        self.prefix = "/" + document["servicePath"].strip("/")
        self.methods = [(self._pattern(each["path"]), each) for each in document["methods"].values()]

    def _pattern(self, path: str) -> re.Pattern[str]:
        whole = f"{self.prefix.rstrip('/')}/{path.lstrip('/')}"
        pieces = re.split(r"\{\+?(\w+)\}", whole)
        return re.compile("".join(f"(?P<{p}>[^/:]+)" if n % 2 else re.escape(p) for n, p in enumerate(pieces)))

    def match(self, verb: str, path: str, query: dict[str, list[str]]) -> Call | None:
        """The method that a request means. Raises NotDescribed for parameters that it does not have."""
        for pattern, method in self.methods:
            found = pattern.fullmatch(path)
            if found and method["httpMethod"] == verb:
                self._check_query(method, query)
                return Call(self, method, found.groupdict(), query)
        return None

    def _check_query(self, method: dict[str, Any], query: dict[str, list[str]]) -> None:
        known = {**self.common, **{n: p for n, p in method.get("parameters", {}).items() if p["location"] == "query"}}
        for name, values in query.items():
            if name not in known:
                raise NotDescribed(name, "no such parameter")
            if len(values) > 1 and not known[name].get("repeated"):
                raise NotDescribed(name, "given twice")
            for value in values:
                self._check_parameter(name, value, known[name])

    def _check_parameter(self, name: str, value: str, about: dict[str, Any]) -> None:
        if "enum" in about and value not in about["enum"]:
            raise NotDescribed(name, f"{value!r} is not one of {about['enum']}")
        if about["type"] == "boolean" and value not in ("true", "false"):
            raise NotDescribed(name, f"{value!r} is not true or false")
        if about["type"] == "integer" and not re.fullmatch(r"-?\d+", value):
            raise NotDescribed(name, f"{value!r} is no whole number")

    def check(self, reference: str, value: Any, *, request: bool) -> None:
        """Raises NotDescribed unless `value` is what the schema says: known fields, right types, known enum values. In
        a request a null is refused too: JSON null stands for nothing that these APIs describe."""
        self._check({"$ref": reference}, value, "", request, {})

    def _check(self, about: dict[str, Any], value: Any, path: str, request: bool, seen: Seen) -> None:
        if "$ref" in about:
            # One object at many places (the format of a column's cells) is looked at once; it is kept, and so its id.
            if (id(value), about["$ref"]) in seen:
                return
            seen[id(value), about["$ref"]] = value
            about = {"type": "object", **self.schemas[about["$ref"]]}
        kind = about.get("type", "any")
        if kind == "object":
            self._check_object(about, value, path, request, seen)
        elif kind == "array":
            if not isinstance(value, list):
                raise NotDescribed(path, f"{value!r} is no list")
            for number, each in enumerate(value):
                self._check(about["items"], each, f"{path}[{number}]", request, seen)
        else:
            _check_scalar(kind, about, value, path)

    def _check_object(self, about: dict[str, Any], value: Any, path: str, request: bool, seen: Seen) -> None:
        if not isinstance(value, dict):
            raise NotDescribed(path, f"{value!r} is no object")
        for name, each in value.items():
            place = f"{path}.{name}" if path else name
            found = about.get("properties", {}).get(name, about.get("additionalProperties"))
            if found is None:
                raise NotDescribed(place, "no such field")
            if request and found.get("readOnly") and (about.get("id"), name) not in WRITABLE:
                raise NotDescribed(place, "is set by Google only")
            self._check(found, each, place, request, seen)


def _check_scalar(kind: str, about: dict[str, Any], value: Any, path: str) -> None:
    form = about.get("format", "")
    good = {
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
        "any": True,
    }[kind]
    if not good:
        raise NotDescribed(path, f"{value!r} is no {kind}")
    if "enum" in about and value not in about["enum"]:
        raise NotDescribed(path, f"{value!r} is not one of {about['enum']}")
    if form in _INTEGERS and not _INTEGERS[form][0] <= value <= _INTEGERS[form][1]:
        raise NotDescribed(path, f"{value} does not fit {form}")
    if form == "int64" and not re.fullmatch(r"-?\d+", str(value)):
        raise NotDescribed(path, f"{value!r} is no int64")


@functools.cache
def load(name: str) -> Api:
    """`sheets.v4.json` or `drive.v3.json`."""
    return Api(json.loads((FOLDER / name).read_bytes()))
