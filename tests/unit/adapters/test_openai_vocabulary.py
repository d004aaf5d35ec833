"""Exact counts where the vocabulary is on the machine, and never a look at the network."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mergecells.adapters import openai_vocabulary
from mergecells.adapters.openai_vocabulary import find_counter

tiktoken = pytest.importorskip("tiktoken")
CONTENT = b"a vocabulary"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """tiktoken's cache, and a vocabulary of single bytes under the name of o200k_base."""
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    address = "https://example.com/o200k_base.tiktoken"
    digest = hashlib.sha256(CONTENT).hexdigest()
    monkeypatch.setattr(openai_vocabulary, "_ADDRESSES", {"o200k_base": (address, digest)})
    bytes_only = tiktoken.Encoding(
        "bytes", pat_str=r"(?s).", mergeable_ranks={bytes([each]): each for each in range(256)}, special_tokens={}
    )
    monkeypatch.setattr(tiktoken, "get_encoding", lambda _name: bytes_only)
    openai_vocabulary._counter.cache_clear()
    yield tmp_path / hashlib.sha1(address.encode()).hexdigest()
    openai_vocabulary._counter.cache_clear()


def test_vocabulary_on_the_machine_counts_exactly(cache: Path) -> None:
    """With the whole file in tiktoken's cache its counter is used; special tokens in a text are plain text."""
    cache.write_bytes(CONTENT)
    counter = find_counter("gpt-4.1-mini")
    assert counter is not None
    assert (counter("abc"), counter("<|endoftext|>")) == (3, 13)


@pytest.mark.parametrize("content", [None, b"", b"half a vocab"])
def test_vocabulary_missing_or_damaged_is_not_used(cache: Path, content: bytes | None, monkeypatch: Any) -> None:
    """tiktoken would fetch it; so it is not asked."""
    monkeypatch.setattr(tiktoken, "get_encoding", lambda _name: pytest.fail("this would fetch"))
    if content is not None:
        cache.write_bytes(content)
    assert find_counter("gpt-4.1-mini") is None


def test_vocabulary_of_an_unknown_model_is_none(cache: Path) -> None:
    """Another maker's model has another vocabulary."""
    cache.write_bytes(CONTENT)
    assert find_counter("claude-haiku-4-5") is None
