"""Exact counts of tokens where the model's own vocabulary is on this machine. Nothing is ever fetched."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

_OPENAI = ("gpt-", "chatgpt-", "o1", "o3", "o4")

# Where tiktoken looks its vocabularies up: the names of its cache are digests of these addresses
# (tiktoken/load.py `read_file_cached`, tiktoken_ext/openai_public.py).
_ADDRESSES = {
    "o200k_base": (
        "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    ),
    "cl100k_base": (
        "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    ),
}


def find_counter(model_id: str) -> Callable[[str], int] | None:
    """The counter of an OpenAI model; None for a model that tiktoken does not know, without tiktoken, and where its
    vocabulary is not in tiktoken's cache (`TIKTOKEN_CACHE_DIR`), since it would then be fetched."""
    if find_spec("tiktoken") is None:
        return None
    folder = _cache_folder()
    return _counter(model_id, folder) if folder else None


def missing_vocabulary(model_id: str) -> str:
    """Why an OpenAI model has no counter here, for people; empty where it has one, and for other makers' models."""
    if not model_id.startswith(_OPENAI):
        return ""
    if find_spec("tiktoken") is None:
        return "tiktoken is not installed (pip install 'mergecells[tokens]')"
    if find_counter(model_id) is not None:
        return ""
    folder = _cache_folder()
    return f"tiktoken's vocabulary is not in {folder}" if folder else "tiktoken's cache is switched off"


@lru_cache(maxsize=64)
def _counter(model_id: str, folder: str) -> Callable[[str], int] | None:
    import tiktoken
    from tiktoken.model import encoding_name_for_model

    try:
        name = encoding_name_for_model(model_id)
    except KeyError:
        return None
    if name not in _ADDRESSES or not _is_whole(Path(folder), *_ADDRESSES[name]):
        return None
    encoding = tiktoken.get_encoding(name)
    return lambda text: len(encoding.encode_ordinary(text))


def _is_whole(folder: Path, address: str, digest: str) -> bool:
    """Whether the file is there and whole: tiktoken fetches a damaged one anew."""
    try:
        content = (folder / hashlib.sha1(address.encode()).hexdigest()).read_bytes()  # noqa: S324
    except OSError:
        return False
    return hashlib.sha256(content).hexdigest() == digest


def _cache_folder() -> str:
    """As tiktoken finds it; empty where its cache is switched off."""
    for variable in ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"):
        if variable in os.environ:
            return os.environ[variable]
    return str(Path(tempfile.gettempdir()) / "data-gym-cache")
