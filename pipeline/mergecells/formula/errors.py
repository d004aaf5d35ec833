"""What can be wrong with a formula's text."""

from __future__ import annotations


class FormulaSyntaxError(ValueError):
    """`position` is the character (from 0) where reading failed; `hint` says what to write instead."""

    def __init__(self, message: str, position: int, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} (character {self.position + 1})" + (f". {self.hint}" if self.hint else "")
