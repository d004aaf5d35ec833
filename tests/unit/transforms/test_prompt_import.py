"""Prompts of other tools become ours, and every line that does not is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergecells.transforms.prompt_import import guess_form, import_prompt
from mergecells.transforms.prompt_render import render_prompt
from mergecells.transforms.prompt_template import read_body
from mergecells.transforms.prompt_to_config import parse_prompt

DOTPROMPT = """\
---
model: googleai/gemini-2.5-flash
config: {temperature: 0.5, safety: high}
input:
  schema:
    name: string, who
    items?(array): string
  default: {name: Ann}
output: {schema: {a: string}}
---
{{role "system"}}
Be kind.
{{role "user"}}Hi {{name}}{{#if name}}!{{/if}} {{#each items}}{{this}} {{/each}}{{>part}}
"""
HUMANLOOP = """\
---
model: gpt-4o
temperature: 0.7
max_tokens: -1
tools: [x]
---
<system>
You are {{ persona }}.
</system>

<user>
Hi {{name}}
</user>
"""


def rendered(text: str, **inputs: object) -> list[tuple[str, str]]:
    prompt, _, findings = parse_prompt("prompts/a.md", text.encode())
    assert prompt, findings
    return [(message.role, message.text) for message in render_prompt(prompt, {}, inputs).messages]


def test_import_braces_renders_as_str_format() -> None:
    """Variables, formats and doubled braces mean what they meant."""
    body = 'Hello {name}: {score:.2f}, {count}\n{{"a": {name}}} {{{{x}}}}\n'
    made = import_prompt("a.md", body.encode())
    assert (made.form, made.notes) == ("braces", [])
    [(_, text)] = rendered(made.text, name="Ann", score=3.14159, count="7")
    assert text + "\n" == body.format(name="Ann", score=3.14159, count="7")


@given(st.text(alphabet='ab{}:.2f !#%"', max_size=40))
def test_import_braces_of_any_text_renders_as_str_format_or_says_why(body: str) -> None:
    """Whatever the braces: the same text as str.format, or a note for the line."""
    made = import_prompt("a.md", f"x{body}x".encode())
    if made.notes:
        return
    prompt, _, _ = parse_prompt("prompts/a.md", made.text.encode())
    assert prompt is not None
    inputs = {name: 7.5 if one.kind == "number" else "seven" for name, one in prompt.front.inputs.items()}
    values = {
        blank * before + name + blank * after: value
        for name, value in inputs.items()
        for blank in " "
        for before in range(9)
        for after in range(9)
    }
    assert rendered(made.text, **inputs) == [("user", f"x{body}x".format_map(values))]


def test_import_braces_says_line_by_line_what_it_could_not_convert() -> None:
    """Conversions, odd formats and single braces are kept as text or left out, and told."""
    made = import_prompt("a.md", b"one\n{x!r} and {when:%d.%m}\n{ alone\n")
    assert [(note.line, note.message.split()[0]) for note in made.notes] == [(2, "{x!r}"), (2, "the"), (3, "a")]
    assert rendered(made.text, when="today") == [("user", "one\n{x!r} and today\n{ alone")]


def test_import_dotprompt_takes_roles_inputs_and_blocks() -> None:
    """What has a counterpart is converted; the rest is named with its line."""
    made = import_prompt("greet.prompt", DOTPROMPT.encode())
    assert made.form == "dotprompt"
    assert [note.line for note in made.notes] == [3, 9, 13]
    assert rendered(made.text, items=["a", "b"]) == [("system", "Be kind."), ("user", "Hi Ann! a b")]
    prompt, _, _ = parse_prompt("prompts/greet.md", made.text.encode())
    assert prompt is not None
    assert (prompt.front.model.id, prompt.front.model.options.temperature) == ("gemini-2.5-flash", 0.5)
    assert prompt.front.inputs["items"].kind == "array"


def test_import_humanloop_takes_messages_and_settings() -> None:
    """Tags become role lines; -1 is Humanloop's word for no limit."""
    made = import_prompt("a.prompt", HUMANLOOP.encode())
    assert made.form == "humanloop"
    assert [note.message.split()[0] for note in made.notes] == ["max_tokens", "the"]
    assert rendered(made.text, persona="Bo", name="Ann") == [("system", "You are Bo."), ("user", "Hi Ann")]


@pytest.mark.parametrize(
    ("body", "text", "lines"),
    [
        ("{{#if (eq a b)}}x{{/if}}\ny", "x\ny", [1, 1]),
        ("{{#if (eq a b)}}x{{else}}z{{/if}}", "xz", [1, 1, 1]),
        ("{{#if a}}x{{else if b}}y{{/if}}", "{% if a %}x{% elif b %}y{% endif %}", []),
        ("{{#with a}}x{{/with}}", "x", [1, 1]),
        ("x{{/if}}", "x", [1]),
        ("x{{else}}", "x", [1]),
        ("y\n{{#if b}}x", "y\n{% if b %}x{% endif %}", [2]),
        ("{{#each a}}{{#if b}}x{{/each}}", "{% for item in a %}{% if b %}x{% endif %}{% endfor %}", [1, 1, 1]),
    ],
)
def test_import_dotprompt_leaves_blocks_balanced(body: str, text: str, lines: list[int]) -> None:
    """A block without a counterpart loses both its tags, one that is left open is closed; each tag is named."""
    made = import_prompt("a.prompt", body.encode(), "dotprompt")
    assert made.text.partition("\n---\n")[2] == text + "\n"
    assert [note.line for note in made.notes] == lines
    prompt, _, _ = parse_prompt("prompts/a.md", made.text.encode())
    assert prompt is not None
    assert not read_body(prompt.body).problems


def test_import_humanloop_takes_images_and_leaves_tools_out() -> None:
    """What a tool said is no word of the assistant; every line of it is named."""
    body = '<user>\n<image url="{{photo}}" />\n</user>\n<tool id="1">\nresult\n</tool>\n<user>\nSo?\n</user>\n'
    made = import_prompt("a.prompt", body.encode(), "humanloop")
    assert [note.line for note in made.notes] == [4, 5, 6]
    assert "kind: image" in made.text
    assert rendered(made.text, photo="https://example.com/a.png") == [("user", ""), ("user", "So?")]


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [
        ("a.md", "{{x}}", "braces"),
        ("a.prompt", "<system>\nx\n</system>\n", "humanloop"),
        ("a.prompt", '{{role "user"}}', "dotprompt"),
        ("a.prompt", "---\nprovider: openai\n---\nHi", "humanloop"),
    ],
)
def test_import_guesses_the_form(name: str, text: str, form: str) -> None:
    """By what only one of the tools writes."""
    assert guess_form(name, text) == form


def test_import_of_bytes_that_are_no_text_is_a_note() -> None:
    """There is nothing to convert."""
    made = import_prompt("a.md", b"\xff\xfe")
    assert made.text == ""
    assert made.notes
