"""Addresses of cells, for the child processes that run an engine: nothing heavy is imported."""

from __future__ import annotations


def parse_a1(address: str) -> tuple[int, int]:
    """`B7` → (7, 2): row and column, from 1."""
    letters = address.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(address[len(letters) :]), column
