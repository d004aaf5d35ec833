"""What a rendered prompt is: messages by role, with texts and images in their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from mergecells.domain.prompts import Role


@dataclass(frozen=True, slots=True)
class TextPart:
    text: str


@dataclass(frozen=True, slots=True)
class ImagePart:
    """An https address, or a `data:image/…;base64,` text."""

    source: str


Part: TypeAlias = TextPart | ImagePart


@dataclass(frozen=True, slots=True)
class Message:
    """One message; never without a part."""

    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The texts of the message without its images."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """`sha` is that of the prompt that it was rendered from."""

    slug: str
    sha: str
    messages: tuple[Message, ...]

    @property
    def characters(self) -> int:
        """Characters of all texts."""
        return sum(len(message.text) for message in self.messages)

    @property
    def images(self) -> int:
        return sum(isinstance(part, ImagePart) for message in self.messages for part in message.parts)

    def may_pass(self, tokens: int) -> bool:
        """False where no way of counting gives more than `tokens`: none makes more tokens than there are bytes."""
        return self.characters * 4 + 10_000 * self.images + 16 * len(self.messages) > tokens
