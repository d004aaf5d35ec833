"""The `outputs` of prompts: a JSON Schema that can be used, and examples that can be met."""

from __future__ import annotations

from collections.abc import Iterator

from mergecells.domain.configset import ConfigSet
from mergecells.domain.findings import Finding
from mergecells.domain.prompts import Prompt
from mergecells.transforms.locate import Locator
from mergecells.transforms.schema_check import SchemaProblem, require_schema


def check_outputs(config: ConfigSet, locator: Locator) -> Iterator[Finding]:
    """A finding for each prompt whose answer no validator could judge. Needs jsonschema-rs."""
    for prompt in config.prompts.values():
        yield from check_output(prompt, locator)


def check_output(prompt: Prompt, locator: Locator) -> Iterator[Finding]:
    """`outputs` of one prompt. An answer is one JSON value, so a schema that is no schema would let all through."""
    if prompt.front.outputs is None:
        return
    try:
        require_schema(prompt.front.outputs)
    except SchemaProblem as error:
        at = (prompt.file, ("outputs",))
        yield locator.finding("prompt.outputs", f"outputs is no JSON Schema: {error}.", "", at, key=True)
