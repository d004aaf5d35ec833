"""Cached answers ↔ bytes, as every cache keeps them, and the key that an answer is kept under.

A value is `mc1`, the CRC-32 of key and content, and the content as JSON. What is of another version, damaged, under
another key, or of another shape reads as None: for a cache that is a miss.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import fields
from typing import Any, Final, get_args

from mergecells.domain.llm import CachedAnswer, Finish, ModelRequest, TokenSource
from mergecells.domain.messages import Message, TextPart

_KEY_VERSION: Final = 1
"""Another meaning of the key's parts takes another number, and so finds nothing of the old one."""

_MARK: Final = b"mc1"
_HEAD: Final = len(_MARK) + 8
_HALVES: Final = "surrogatepass"
"""A model may answer with half a character; it comes back as it was."""

_NAMES: Final = tuple(field.name for field in fields(CachedAnswer))


def answer_key(request: ModelRequest, prompt_sha: str) -> str:
    """64 hex digits over everything that decides the answer: the prompt, the rendered messages, the model and where it
    is, the sampling settings, the schema. Not over the config's revision: a commit must not empty the cache."""
    options = request.options.model_dump(exclude_defaults=True)
    parts = [
        _KEY_VERSION,
        prompt_sha,
        [_message(each) for each in request.messages],
        [request.provider.kind, request.provider.base_url, request.model_id],
        [request.max_output_tokens, options],
        [request.output_schema and dict(request.output_schema), request.json_schema],
    ]
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _message(message: Message) -> list[Any]:
    parts = [["t", part.text] if isinstance(part, TextPart) else ["i", part.source] for part in message.parts]
    return [message.role, parts]


def _plain(value: Any) -> Any:
    """Mappings and sequences of the config that are no dict and no list."""
    return dict(value) if hasattr(value, "keys") else list(value)


def dump_answer(key: str, answer: CachedAnswer) -> bytes:
    """The bytes to keep under `key`."""
    row = [getattr(answer, name) for name in _NAMES]
    content = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode(errors=_HALVES)
    return _MARK + b"%08x" % _check(key, content) + content


def parse_answer(key: str, value: object) -> CachedAnswer | None:
    """What `dump_answer` was given for this key; None for anything else."""
    if not isinstance(value, bytes) or value[: len(_MARK)] != _MARK:
        return None
    content = value[_HEAD:]
    if value[len(_MARK) : _HEAD] != b"%08x" % _check(key, content):
        return None
    try:
        row = json.loads(content.decode(errors=_HALVES))
        answer = CachedAnswer(**dict(zip(_NAMES, row, strict=True)))
    except (ValueError, TypeError, RecursionError):
        return None
    return answer if _is_sound(answer) else None


def _check(key: str, content: bytes) -> int:
    return zlib.crc32(content, zlib.crc32(key.encode()))


def _is_sound(answer: CachedAnswer) -> bool:
    """Whether each field has its type: a value that fits its check sum may still be another program's."""
    texts = (answer.text, answer.provider, answer.model, answer.revision)
    counts = (answer.input_tokens, answer.output_tokens, answer.cached_input_tokens)
    return (
        all(isinstance(text, str) for text in texts)
        and all(type(count) is int and count >= 0 for count in counts)
        and answer.finish in get_args(Finish)
        and answer.token_source in get_args(TokenSource)
        and (answer.cost is None or _is_amount(answer.cost))
        and _is_amount(answer.made_at)
    )


def _is_amount(value: object) -> bool:
    return type(value) in (int, float) and 0 <= value < float("inf")  # type: ignore[operator]
