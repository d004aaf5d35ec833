"""Recorded answers in a file of JSON lines: a prompt can be evaluated again without asking, or paying, a model."""

from __future__ import annotations

import json
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
    """Implements `ports.ResponseCache` for one process. Nothing runs out; a line is added for each new answer."""

    quick = True

    def __init__(self, path: Path) -> None:
        """Raises MergecellsError for a file that is no cassette, naming the line."""
        self._path = path
        self._answers: dict[str, CachedAnswer] = {}
        if path.exists():
            try:
                lines = path.read_text(encoding="utf-8").splitlines()
            except (OSError, UnicodeDecodeError) as error:
                raise MergecellsError(f"{path} cannot be read: {error}.") from error
            for number, line in enumerate(lines, 1):
                if line.strip():
                    key, answer = _read(line, f"{path}:{number}")
                    self._answers[key] = answer

    def get(self, key: str) -> CachedAnswer | None:
        return self._answers.get(key)

    def count(self, _found: CachedAnswer | None) -> None:
        """Counts nothing."""

    def put(self, key: str, answer: CachedAnswer, _ttl_s: float) -> None:
        self._answers[key] = answer
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, **asdict(answer)}, ensure_ascii=False) + "\n")

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


def _read(line: str, where: str) -> tuple[str, CachedAnswer]:
    try:
        value = json.loads(line)
        key, cost = value.pop("key"), value.pop("cost", None)
        fits = set(value) == set(_FIELDS) and all(
            isinstance(value[name], int | float if kind is float else kind) for name, kind in _FIELDS.items()
        )
        if not isinstance(key, str) or not fits:
            raise ValueError
        return key, CachedAnswer(cost=cost if isinstance(cost, int | float) else None, **value)
    except (ValueError, RecursionError, KeyError, AttributeError, TypeError) as error:
        raise MergecellsError(f"{where}: this is no recorded answer.", "Take the line out, or record anew.") from error
