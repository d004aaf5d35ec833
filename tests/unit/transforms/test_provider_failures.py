"""What a refusal of a provider is called, and what to do about it."""

from __future__ import annotations

import pytest

from mergecells.transforms.provider_failures import refused


@pytest.mark.parametrize(
    ("status", "kind", "hint"),
    [
        (401, "auth", "Is the key right"),
        (402, "auth", "credit"),
        (404, "not_found", "base_url"),
        (529, "overloaded", ""),
    ],
)
def test_refusal_says_what_to_look_at(status: int, kind: str, hint: str) -> None:
    """An account without credit is no wrong key."""
    error = refused("one", status, {"error": {"message": "No."}})
    assert (error.kind, error.message) == (kind, f"one answered {status}: No.")
    assert hint in error.hint
