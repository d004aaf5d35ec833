"""Whatever a person or a program writes into a config: findings, never an exception; and what passes can run."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mergecells.apps.cli.choices import FindingsOutput
from mergecells.apps.cli.findings_output import render_findings
from mergecells.authoring.check import check_files
from mergecells.transforms.score import compile_rules
from mergecells.transforms.yaml_to_config import load_config

SOUND: dict[str, Any] = {
    "scoring/rules.yaml": {
        "version": "1",
        "tiers": {"A": {"min": 60}, "B": {"min": 0}},
        "lists": {"good": ["Google", 2]},
        "formulas": {"half": "=years/24", "twice": "=half*2"},
        "components": {
            "one": {
                "weight": 0.5,
                "formula": "=MAX(f,g)",
                "factors": {
                    "f": {"weight": 0.5, "formula": "=half"},
                    "g": {"weight": 0.5, "formula": "=IF(COUNTIF(good,source)>0,1,0)"},
                },
            },
            "three": {"weight": 0.5, "factors": {"active": {"weight": 1}}},
        },
    },
    "scoring/fields.yaml": {
        "fields": {
            "years": {"type": "number", "sample": 12},
            "source": {"type": "text", "sample": "Google"},
            "active": {"type": "boolean", "sample": True},
            "since": {"type": "date", "sample": "2020-01-01"},
        }
    },
    "scoring/examples.yaml": {
        "date": "2024-01-01",
        "examples": {"e": {"lead": {"years": 1}, "tier": "B"}, "v": {"lead": {}, "vertical": "retail", "tier": "B"}},
    },
    "scoring/verticals/retail.yaml": {
        "tiers": {"A": {"min": 70}},
        "formulas": {"half": "=0.5", "extra": "=1"},
        "components": {
            "one": {"factors": {"f": {"weight": 0.4}, "h": {"weight": 0.1, "formula": "=extra"}}},
            "three": {"weight": 0.5},
        },
    },
    "mergecells.yaml": {"version": 1, "checks": {"evaluation_date": "2024-01-01"}, "tabs": []},
}
WORDS = st.sampled_from(
    [
        *("", "a b", "years", "half", "f", "one", "retail", "Years", "A1", "=", "=f", "=half", "=twice", "=1/0"),
        *("=years", "=source", "=good", "=extra", "=IF(", "=RAND()", "={1,2}", "=#N/A", '="x"', "=TODAY()"),
    ]
)
VALUES = st.one_of(
    WORDS,
    st.sampled_from([0, 1, -1, 0.5, 1e308, 100]),
    st.booleans(),
    st.none(),
    st.sampled_from([{}, [], {"weight": 0.5}, {"min": 5}, ["x"]]),
)


def places(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, dict):
        return [(value, key) for key in value] + [place for inner in value.values() for place in places(inner)]
    if isinstance(value, list):
        return [(value, key) for key in range(len(value))]
    return []


@st.composite
def configs(draw: st.DrawFn) -> dict[str, bytes]:
    """The sound config with up to four things replaced, removed, renamed or added, in any of its files."""
    files = copy.deepcopy(SOUND)
    for _ in range(draw(st.integers(0, 4))):
        found = places(files[draw(st.sampled_from(sorted(files)))])
        if not found:
            continue
        container, key = draw(st.sampled_from(found))
        action = draw(st.sampled_from(["replace", "remove", "rename", "add"]))
        if action == "replace":
            container[key] = copy.deepcopy(draw(VALUES))
        elif action == "remove":
            del container[key]
        elif isinstance(container, dict):
            container[draw(WORDS)] = container.pop(key) if action == "rename" else copy.deepcopy(container[key])
    return {name: json.dumps(value, ensure_ascii=False).encode() for name, value in files.items()}


@given(configs())
def test_check_of_any_config_gives_findings_and_what_passes_compiles(files: dict[str, bytes]) -> None:
    """No exception; every format renders; production can compile whatever the check lets through."""
    report = check_files(files)
    for form in FindingsOutput:
        render_findings(report.findings, form, {"files": list(report.files)}, colour=True)
    if report.ok:
        config = load_config(files).config
        assert config
        compile_rules(config)


@given(st.binary(max_size=200))
def test_check_of_any_bytes_gives_findings(content: bytes) -> None:
    """Rules that are no text, no YAML or no rules."""
    assert not check_files({"scoring/rules.yaml": content}).ok
