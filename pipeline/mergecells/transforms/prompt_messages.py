"""Role lines and images: marked in the template, found again in the rendered text.

Roles are marked before rendering, with a character that no input may hold: an input that contains a line `system:`
stays what it is, text of its own message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mergecells.domain.errors import PromptRenderError
from mergecells.domain.messages import ImagePart, Message, Part, RenderedPrompt, TextPart
from mergecells.domain.prompts import ROLE_LINE, Role

MARK = "\x00"
_SHOWN_IMAGE = 80
_ROLES: Mapping[str, Role] = {"system": "system", "user": "user", "assistant": "assistant"}
_ROLE_MARK = re.compile(rf"{MARK}role:(system|user|assistant){MARK}")
_IMAGE_MARK = re.compile(rf"!\[[^\]\n]*\]\(\s*{MARK}image:([A-Za-z0-9_]+){MARK}\s*\)|{MARK}image:([A-Za-z0-9_]+){MARK}")


def mark_roles(body: str) -> str:
    """The template with each role line replaced by a mark; the number of lines stays."""
    return ROLE_LINE.sub(lambda line: f"{MARK}role:{line[1].lower()}{MARK}", body.replace("\r\n", "\n"))


def image_mark(name: str) -> str:
    """What stands in the rendered text for the image of an input."""
    return f"{MARK}image:{name}{MARK}"


def split_messages(rendered: str, images: Mapping[str, str]) -> tuple[Message, ...]:
    """The messages of a rendered text: stripped, empty ones left out.

    Text before the first role line is the system's; a text without any role line is the user's (several providers
    refuse a call without one). Raises PromptRenderError when an image was changed by a filter, or nothing is left.
    """
    first, *rest = _ROLE_MARK.split(rendered)
    pairs = [("system" if rest else "user", first), *zip(rest[::2], rest[1::2], strict=True)]
    messages = []
    for role, text in pairs:
        parts = tuple(_parts(text.strip(), images))
        if parts:
            messages.append(Message(_ROLES[role], parts))
    if not messages:
        raise PromptRenderError("The prompt renders to nothing.", "Is its text inside an if that is never true?")
    return tuple(messages)


def messages_text(rendered: RenderedPrompt) -> str:
    """The messages as people read them: each below its role, images by the beginning of their address."""
    shown = (f"{message.role}:\n{''.join(map(_shown, message.parts))}\n" for message in rendered.messages)
    return "\n".join(shown)


def _shown(part: Part) -> str:
    return f"[image {part.source[:_SHOWN_IMAGE]}]" if isinstance(part, ImagePart) else part.text


def _parts(text: str, images: Mapping[str, str]) -> Iterator[Part]:
    position = 0
    for found in _IMAGE_MARK.finditer(text):
        yield from _text(text[position : found.start()])
        yield ImagePart(images[found[1] or found[2]])
        position = found.end()
    yield from _text(text[position:])


def _text(text: str) -> Iterator[Part]:
    if MARK in text:
        raise PromptRenderError("An image was changed while it was rendered.", "Write it alone: {{ photo }}.")
    if text:
        yield TextPart(text)
