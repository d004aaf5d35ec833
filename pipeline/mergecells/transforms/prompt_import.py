"""Prompts of other tools → a prompt file of ours, with a note for each line that could not be taken over.

Three forms are read: markdown with variables in single braces (`{name}`, `{{` for a brace, `{score:.2f}`), Humanloop's
`.prompt` (`<system>` tags and `{{name}}`), and Dotprompt (Handlebars, `{{role "system"}}`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal

import yaml

from mergecells.transforms.prompt_import_tags import NAME, OPEN_BRACE, TagReader
from mergecells.transforms.prompt_source import PromptSource, parse_prompt_source, split_front
from mergecells.transforms.yaml_guard import decode

SourceForm = Literal["braces", "humanloop", "dotprompt"]
_IMAGE = re.compile(r"<image\s+url=[\"']([^\"'<>]+)[\"'][^<>]*?/?>")
_IMAGE_VARIABLE = re.compile(rf"\{{\{{\s*({NAME})\s*\}}\}}")
_BEFORE_TAG = re.compile("\x01(?=[{%#\x01])")
_ROLE = re.compile(r"\{\{~?\s*role\s+[\"'](system|user|model|tool)[\"']\s*~?\}\}")
_FORMAT = re.compile(r"[-+ #0]{0,3}[0-9]{0,2}(?:\.[0-9]{1,2})?[dfFeEgGs]")
_OPTIONS = {
    "temperature": "temperature",
    "top_p": "topP",
    "topP": "topP",
    "max_tokens": "maxOutputTokens",
    "maxOutputTokens": "maxOutputTokens",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
    "seed": "seed",
    "stop": "stopSequences",
    "stopSequences": "stopSequences",
}
_KINDS = {
    "string": "string", "number": "number", "integer": "integer", "boolean": "boolean", "array": "array",
    "object": "object", "any": "string", "float": "number",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ImportNote:
    """What was left out or changed at a line of the source, counted from 1."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


@dataclass(slots=True)
class ImportedPrompt:
    """`text` is the new file; `notes` say what it does not carry over."""

    slug: str
    form: SourceForm
    text: str = ""
    notes: list[ImportNote] = field(default_factory=list)


def guess_form(name: str, text: str) -> SourceForm:
    """By the file's name and by what only one of the tools writes."""
    if not name.endswith((".prompt", ".hl")):
        return "braces"
    if re.search(r"^\s*<(system|user|assistant)>\s*$", text, re.MULTILINE):
        return "humanloop"
    if re.search(r"\{\{\s*(role|media|history|#each|#if|json)\b|^\s*input:\s*$", text, re.MULTILINE):
        return "dotprompt"
    return "humanloop" if re.search(r"^(provider|endpoint):", text, re.MULTILINE) else "dotprompt"


def import_prompt(name: str, content: bytes, form: SourceForm | None = None, slug: str = "") -> ImportedPrompt:
    """The prompt that a file of another tool stands for. A file that is not text gives notes and an empty
    text."""
    text, findings = decode(name, content)
    known_as = slug or _slug(PurePosixPath(name).stem)
    result = ImportedPrompt(known_as, form or guess_form(name, text))
    if findings:
        result.notes += [ImportNote(each.line or 1, each.message) for each in findings]
        return result
    text = text.replace("\r\n", "\n")
    source = _source(name, text, result)
    result.text = _Importer(result, source).file()
    result.notes.sort(key=lambda note: note.line)
    return result


def _slug(stem: str) -> str:
    return re.sub(r"[^a-z0-9_-]+", "_", stem.lower()).strip("_-")[:64] or "prompt"


def _source(name: str, text: str, result: ImportedPrompt) -> PromptSource:
    """A file without front matter is all text."""
    if split_front(text) is None:
        return PromptSource("", text, 1, None, [])
    source = parse_prompt_source(name, text.encode())
    for finding in source.findings:
        result.notes.append(ImportNote(finding.line or 1, f"front matter: {finding.message}"))
    return source


class _Importer:
    """One file. Lines of notes are those of the source."""

    def __init__(self, result: ImportedPrompt, source: PromptSource) -> None:
        self.result, self.source = result, source
        self.front = _mapping(source.document.value if source.document else None)
        self.kinds: dict[str, str] = {}
        self.tags = TagReader(self.note, self.use)
        self.inside_tool = False

    def file(self) -> str:
        convert = {"braces": self.braces, "humanloop": self.humanloop, "dotprompt": self.dotprompt}[self.result.form]
        numbered = enumerate(self.source.body.split("\n"), start=self.source.body_line)
        lines = [convert(line, number) for number, line in numbered]
        text = "\n".join(_settled(line) for line in lines if line is not None).strip("\n") + self.tags.end()
        head = yaml.safe_dump(self.head(), sort_keys=False, allow_unicode=True, width=110, default_flow_style=False)
        return f"---\n{head}---\n{text}\n"

    def note(self, line: int, message: str) -> None:
        self.result.notes.append(ImportNote(line, message))

    def note_key(self, message: str, *path: str) -> None:
        """At the line of a key of the front matter."""
        document = self.source.document
        line = document.locate_key(path).line if document else None
        self.note(line or 1, message)

    def use(self, name: str, kind: str = "string") -> str:
        if self.kinds.get(name, "string") == "string":
            self.kinds[name] = kind
        return name

    def braces(self, line: str, number: int) -> str:
        """`str.format`: doubled braces are braces, `{name}` and `{name:.2f}` are variables."""
        pieces = re.split(r"(\{\{|\}\}|\{[^{}\n]*\}|[{}])", line)
        return "".join(self.brace_piece(piece, number) if index % 2 else piece for index, piece in enumerate(pieces))

    def brace_piece(self, piece: str, number: int) -> str:
        if piece in ("{{", "}}"):
            return _brace(piece[0])
        found = re.fullmatch(rf"\{{\s*({NAME})\s*(?::([^{{}}]*))?\}}", piece)
        if found is None:
            if piece not in "{}":
                self.note(number, f"{piece} is no variable; it stays as text.")
                return _brace("{") + piece[1:-1] + _brace("}")
            self.note(number, f"a single {piece} stays as text.")
            return _brace(piece)
        name, form = found[1], found[2]
        if not form:
            return "{{ " + self.use(name) + " }}"
        if not _FORMAT.fullmatch(form):
            self.note(number, f"the format :{form} of {name} is left out.")
            return "{{ " + self.use(name) + " }}"
        kind = "string" if form.endswith("s") else "number"
        return '{{ "%' + form + '"|format(' + self.use(name, kind) + ") }}"

    def humanloop(self, line: str, number: int) -> str | None:
        tag = re.fullmatch(r"\s*<(/?)(system|user|assistant|tool)[^<>]*>\s*", line)
        if self.inside_tool or (tag and tag[2] == "tool"):
            if line.strip():
                self.note(number, f"{line.strip()[:60]} is of a tool; it is left out.")
            self.inside_tool = not (tag and tag[1] and tag[2] == "tool")
            return None
        if tag:
            return None if tag[1] else f"{tag[2]}:"
        pieces = _IMAGE.split(line)
        shown = [self.image(each) if index % 2 else self.tags.line(each, number) for index, each in enumerate(pieces)]
        return "".join(shown)

    def image(self, address: str) -> str:
        """`<image url="{{photo}}" />`, or an address as it stands."""
        found = _IMAGE_VARIABLE.fullmatch(address.strip())
        return "{{ " + self.use(found[1], "image") + " }}" if found else f"![image]({address.strip()})"

    def dotprompt(self, line: str, number: int) -> str:
        line = _ROLE.sub(lambda found: f"\x00{found[1]}\x00", line)
        parts = re.split("\x00(system|user|model|tool)\x00", line)
        shown = [self.tags.line(parts[0], number)]
        for role, text in zip(parts[1::2], parts[2::2], strict=True):
            if role == "tool":
                self.note(number, "the role tool is taken as user.")
            name = {"model": "assistant", "tool": "user"}.get(role, role)
            shown.append(("" if not shown[-1].strip() else "\n") + f"{name}:\n" + self.tags.line(text.lstrip(), number))
        return "".join(shown).rstrip() if len(parts) > 1 else shown[0]

    def head(self) -> dict[str, Any]:
        front = self.front
        head: dict[str, Any] = {"name": self.result.slug}
        if isinstance(front.get("description"), str):
            head["description"] = front["description"]
        model = self.model()
        if model:
            head["model"] = model
        schema = _mapping(front.get("input"))
        declared = dict(_declared(schema.get("schema")))
        defaults = _mapping(schema.get("default"))
        inputs: dict[str, Any] = {}
        for name in {**self.kinds, **declared}:
            if name in self.kinds:
                inputs[name] = {"kind": declared.get(name) if self.kinds[name] == "string" else self.kinds[name]}
                inputs[name]["kind"] = inputs[name]["kind"] or "string"
                if name in defaults:
                    inputs[name]["default"] = defaults[name]
            else:
                self.note_key(f"the input {name} is declared and not used; it is left out.", "input", "schema")
        if inputs:
            head["inputs"] = inputs
        self.outputs(head)
        known = {"description", "model", "provider", "input", "output", "config", "name", *_OPTIONS}
        for key in front:
            if key not in known:
                self.note_key(f"the setting {key} is left out.", key)
        return head

    def outputs(self, head: dict[str, Any]) -> None:
        output = self.front.get("output")
        if not isinstance(output, dict):
            return
        schema = output.get("schema")
        if isinstance(schema, dict) and "type" in schema:
            head["outputs"] = schema
        elif schema is not None:
            message = "the output's schema is in Picoschema; write it as JSON Schema under outputs."
            self.note_key(message, "output", "schema")

    def model(self) -> dict[str, Any]:
        front = self.front
        config = _mapping(front.get("config"))
        name = front.get("model")
        model: dict[str, Any] = {}
        if isinstance(name, str):
            model["id"] = name.rpartition("/")[2]
        options = {_OPTIONS[key]: value for key, value in {**front, **config}.items() if key in _OPTIONS}
        options = {key: value for key, value in options.items() if value is not None and not isinstance(value, dict)}
        if isinstance(options.get("stopSequences"), str):
            options["stopSequences"] = [options["stopSequences"]]
        if not isinstance(options.get("maxOutputTokens", 1), int) or options.get("maxOutputTokens", 1) < 1:
            limit = next(each for each in ("max_tokens", "maxOutputTokens") if each in {**front, **config})
            at = ("config", limit) if limit in config else (limit,)
            self.note_key(f"{limit} {options.pop('maxOutputTokens')} is no limit; it is left out.", *at)
        if options:
            model["options"] = options
        for key in config:
            if key not in _OPTIONS:
                self.note_key(f"the setting config.{key} is left out.", "config", key)
        return model


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _declared(schema: Any) -> Iterator[tuple[str, str]]:
    """The inputs of a Dotprompt schema, in Picoschema (`name?: string, words`) or JSON Schema."""
    if not isinstance(schema, dict):
        return
    properties = schema.get("properties") if isinstance(schema.get("properties"), dict) else schema
    for key, value in (properties or {}).items():
        name = re.sub(r"[?(].*", "", str(key))
        stated = value.get("type") if isinstance(value, dict) else str(value).split(",")[0].strip()
        if "(array" in str(key):
            stated = "array"
        if re.fullmatch(NAME, name):
            yield name, _KINDS.get(str(stated), "object" if isinstance(value, dict) else "string")


def _brace(sign: str) -> str:
    """A brace that is text; an opening one is settled once it is known what follows it."""
    return OPEN_BRACE if sign == "{" else sign


def _settled(line: str) -> str:
    """An opening brace that is text stands as it is, but where it would begin a tag with what follows."""
    return _BEFORE_TAG.sub('{{ "{" }}', line).replace(OPEN_BRACE, "{")
