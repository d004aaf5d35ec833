"""Recorded answers in a file of JSON lines: a prompt can be evaluated again without asking, or paying, a model."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import asdict
from pathlib import Path

from mergecells.domain.errors import MergecellsError
from mergecells.domain.llm import CachedAnswer, CacheStats

_FIELDS = {
    "text": str,
    "finish": str,
    "provider": str,
    "model": str,
    "input_tokens": int,
    "output_tokens": int,
    "cached_input_tokens": int,
    "token_source": str,
    "revision": str,
    "made_at": float,
}


class Cassette:
    """Implements `ports.ResponseCache` for one process. Nothing runs out; a line is added for each new answer.

    A line's key is that of what was sent (messages, model, address, sampling, form), not of the prompt's file: a
    changed description or another example leaves it valid, a changed text does not.
    """

    quick = True

    def __init__(self, path: Path, content: str | None = None, *, record: bool = True) -> None:
        """`content` takes the place of what is in the file, as with a file of another revision. With `record` false the
        file is only read. Raises MergecellsError for a file that is no cassette, naming the line."""
        self._path, self._record = path, record
        self._lock = threading.Lock()
        self._answers: dict[str, CachedAnswer] = {}
        self._seconds: dict[str, float] = {}
        self._sent: dict[str, str] = {}
        # A line ends with a line feed alone: a text may hold other characters that look like an end.
        for number, line in enumerate((_text(path) if content is None else content).split("\n"), 1):
            if line.strip():
                key, answer, seconds = _read(line, f"{path}:{number}")
                self._answers[key] = answer
                if seconds is not None:
                    self._seconds[key] = seconds

    @property
    def path(self) -> Path:
        return self._path

    def same(self, key: str, sent: str) -> None:
        """Who asks by `key` means what is recorded as `sent`."""
        with self._lock:
            self._sent[key] = sent

    def seconds(self, key: str) -> float | None:
        """How long the answer took when it was recorded; None where that was not written down."""
        return self._seconds.get(key)

    def get(self, key: str) -> CachedAnswer | None:
        found = self._answers.get(self._sent.get(key, key))
        return found if found is not None else self._answers.get(key)

    def count(self, _found: CachedAnswer | None) -> None:
        """Counts nothing."""

    def put(self, key: str, answer: CachedAnswer, _ttl_s: float) -> None:
        seconds = round(max(0.0, time.time() - answer.made_at), 3)
        with self._lock:
            key = self._sent.get(key, key)
            self._answers[key], self._seconds[key] = answer, seconds
            if not self._record:
                return
            line = json.dumps({"key": key, **asdict(answer), "seconds": seconds}, ensure_ascii=True)
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")

    def claim(self, _key: str, _owner: str, _lease_s: float, *, wait: bool = True) -> bool | None:  # noqa: ARG002
        """One process, and one maker in it: nobody else wants it."""
        return True

    def release(self, _key: str, _owner: str) -> None:
        """Nothing was claimed."""

    def stats(self) -> CacheStats:
        return CacheStats(len(self._answers), 0, 0, 0, 0.0, 0)

    def clear(self) -> int:
        return 0

    def close(self) -> None:
        """Nothing is open."""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise MergecellsError(f"{path} cannot be read: {error}.") from error


def _read(line: str, where: str) -> tuple[str, CachedAnswer, float | None]:
    try:
        value = json.loads(line)
        key, cost, seconds = value.pop("key"), value.pop("cost", None), value.pop("seconds", None)
        fits = set(value) == set(_FIELDS) and all(
            isinstance(value[name], int | float if kind is float else kind) for name, kind in _FIELDS.items()
        )
        if not isinstance(key, str) or not fits:
            raise ValueError
        kept = CachedAnswer(cost=cost if isinstance(cost, int | float) else None, **value)
        return key, kept, seconds if isinstance(seconds, int | float) else None
    except (ValueError, RecursionError, KeyError, AttributeError, TypeError) as error:
        raise MergecellsError(f"{where}: this is no recorded answer.", "Take the line out, or record anew.") from error
