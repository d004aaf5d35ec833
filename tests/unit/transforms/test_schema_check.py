"""The published schemas and the models are one truth: the same verdict on every document."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from mergecells.domain.configset import Document
from mergecells.transforms.schema_check import SchemaProblem, check_document, check_published
from mergecells.transforms.schema_export import MODELS, export_schema, export_schemas
from mergecells.transforms.yaml_to_config import parse_yaml

EXAMPLES = Path(__file__).parents[2] / "examples"

FULL: dict[str, Any] = {
    "rules": {
        "version": "1.0",
        "tiers": {"A": {"min": 60, "label": "x", "description": "y"}, "B": {"min": 0}},
        "lists": {"channels": ["Google", 1, 2.5, True]},
        "formulas": {"one": "=1"},
        "components": {
            "c": {
                "weight": 1,
                "description": "d",
                "formula": "=f",
                "factors": {"f": {"weight": 0.5, "formula": "=1", "description": ""}, "g": {"weight": 0.5}},
            }
        },
    },
    "fields": {"fields": {"years": {"column": "Years", "type": "number", "sample": 12, "description": "d"}}},
    "examples": {
        "date": "2024-02-29",
        "examples": {"one": {"lead": {"years": 1.5, "b": True}, "tier": "A", "score": 50, "vertical": "v"}},
    },
    "vertical": {
        "description": "d",
        "tiers": {"A": None, "C": {"min": 3}},
        "lists": {"channels": None, "more": ["x"]},
        "formulas": {"one": None, "two": "=2"},
        "components": {"c": {"weight": None, "factors": {"f": None, "h": {"weight": 0.5}}}, "d": None},
    },
    "table": {
        "description": "d",
        "columns": {"place": {"type": "text", "description": "d"}, "fit": {"type": "number"}, "on": {"type": "date"}},
        "rows": {"Berlin": {"fit": 0.5, "on": "2024-02-29"}, "007": {}, "=x": {"fit": None, "other": True}},
    },
    "manifest": {
        "version": 1,
        "workbook": "scoring.xlsx",
        "google": {"spreadsheet": "1aBcDeFgHiJkLmNoPqRsTuVwXyZ_0123456789-abcde"},
        "hub": {"url": "https://hub.example.com"},
        "branch": "main",
        "pull_requests": {"host": "local", "repository": "origin"},
        "formulas": {"dialect": "google"},
        "evaluation": {"recordings": "evaluations/answers.jsonl", "max_cost": 0.5},
        "checks": {"max_deleted_share": 0.2, "max_blanked_cells": 10, "evaluation_date": "2024-01-01"},
        "impact": {"leads": "../leads.csv", "outcome": "won", "max_tier_change": 0.2},
        "services": ["http://localhost:8080"],
        "tabs": [{"tab": "T", "file": "scoring/t.yaml", "root": "", "key": "k", "columns": ["a"], "schema": "s.json"}],
    },
    "prompt": {
        "name": "email_body",
        "description": "d",
        "metadata": {"type": "email_body", "version": "1", "authors": ["A b"], "tags": ["x"]},
        "model": {
            "id": "small-1",
            "provider": "p",
            "options": {
                "temperature": 0.5,
                "topP": 1,
                "maxOutputTokens": 100.0,
                "frequencyPenalty": -1,
                "presencePenalty": 0,
                "seed": 7,
                "stopSequences": ["x"],
            },
        },
        "inputs": {"company": {"kind": "object", "required": False, "default": {"a": [1]}, "sample": 1.5}},
        "outputs": {"type": "object", "properties": {"a": {"maximum": 5}}},
        "template": {"format": "jinja2"},
        "examples": {
            "one": {
                "inputs": {"company": [1, None]},
                "expected": {"contains": ["a"], "excludes": [], "matches": "a+", "min_words": 1, "max_words": 9},
            }
        },
    },
    "routing": {
        "providers": {
            "p": {
                "kind": "openai-compatible",
                "base_url": "https://llm.example.com:8443/v1",
                "key_env": "LLM_KEY",
                "failures_to_open": 3,
                "cool_down_s": 1.5,
            }
        },
        "models": {"small-1": {"provider": "p", "id": "x", "context_tokens": 8000, "max_output_tokens": 10}},
        "threshold": 1,
        "classifier": "sorter",
        "intents": {
            "ambiguous": {
                "description": "d",
                "rules": {"r": {"keywords": "a, b", "pattern": "a+", "weight": 2}},
                "ladder": {
                    "small-1": {"timeout_s": 3, "retries": 0, "backoff_s": 0, "fall_through": "timeout, truncated"}
                },
            }
        },
    },
    "budgets": {"budgets": {"run": {"warn": 1, "halt": 5}, "persona:ann": {"halt": 0, "description": "d"}}},
    "prices": {"prices": {"small-1": {"input": 1, "output": 2, "cached": 0.5, "request": 0, "description": "d"}}},
    "quality": {
        "gate": 0.7,
        "valid": True,
        "judge": "quality_judge",
        "dimensions": {"completeness": {"weight": 1, "minimum": 0.5, "description": "d"}, "clarity": {}},
    },
    "smoke": {
        "cases": {
            "a b": {"message": "m", "intent": "ambiguous", "status": 200, "description": "d"},
            "c": {"prompt": "hook", "inputs": {"x": [1, None]}, "expected": {"contains": ["y"], "min_words": 1}},
        }
    },
}

TEXTS = st.sampled_from(
    [
        *("", " ", "a", "A b", " a", "a ", "=", "=1", "1=", "9a", "_x", "é", "a\nb", "\na", "a\n", "a\rb", "\r"),
        *("2024-02-29", "2024-2-29", "\u0662\u0660\u0662\u0664-02-29", "number", "local", "A", "12", "true"),
        *("a\u00a0", "\ufeffa", "a\u2028", "\x85a", "\u1680", "\x1c", "/abs", "\\abs"),
        *("small-1", "node", "node:", "persona:a b", "timeout,truncated", "timeout,", "http://x/", "A_B", "image"),
        *("x" * 41, "x" * 101, "a" * 8193, "=" + "a" * 8192),
    ]
)
NUMBERS = st.sampled_from([0, 1, -1, 2, 100, 100.5, 0.5, 1.0, 5.0, -0.0, 1e308, 10**15, 10**400, math.nan, math.inf])
SCALARS = st.one_of(NUMBERS, TEXTS, st.booleans(), st.none())
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(TEXTS, inner, max_size=2)),
    max_leaves=4,
)


def document(value: Any) -> Document:
    return Document("x.yaml", value, {}, {})


def model_accepts(kind: str, value: Any) -> bool:
    try:
        MODELS[kind].model_validate(value)
    except ValidationError:
        return False
    return True


def schema_accepts(kind: str, value: Any) -> bool:
    return not check_published(document(value), kind)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container with each of its keys or indexes."""
    if isinstance(value, dict):
        return [(value, key) for key in value] + [place for inner in value.values() for place in places(inner)]
    if isinstance(value, list):
        return [(value, key) for key in range(len(value))] + [place for inner in value for place in places(inner)]
    return []


@st.composite
def mutants(draw: st.DrawFn) -> tuple[str, Any]:
    """A sound document with one or two things replaced, removed, added or renamed."""
    kind = draw(st.sampled_from(sorted(FULL)))
    value = copy.deepcopy(FULL[kind])
    for _ in range(draw(st.integers(1, 2))):
        all_places = places(value)
        if not all_places:
            break
        container, key = draw(st.sampled_from(all_places))
        action = draw(st.sampled_from(["replace", "remove", "rename", "add"]))
        if action == "replace":
            container[key] = draw(VALUES)
        elif action == "remove":
            del container[key]
        elif isinstance(container, dict):
            new = draw(TEXTS)
            container[new] = container.pop(key) if action == "rename" else copy.deepcopy(container[key])
    return kind, value


def known_files() -> list[Any]:
    """Every YAML file of every example folder, with its kind."""
    by_name = {
        "rules.yaml": "rules",
        "fields.yaml": "fields",
        "examples.yaml": "examples",
        "mergecells.yaml": "manifest",
        "routing.yaml": "routing",
        "budgets.yaml": "budgets",
        "prices.yaml": "prices",
        "quality.yaml": "quality",
        "smoke.yaml": "smoke",
    }
    found = []
    for path in sorted(EXAMPLES.rglob("*.yaml")):
        kind = {"verticals": "vertical", "tables": "table"}.get(path.parent.name) or by_name.get(path.name)
        if kind:
            found.append(pytest.param(path, kind, id=str(path.relative_to(EXAMPLES))))
    return found


@pytest.mark.parametrize(("path", "kind"), known_files())
def test_schema_verdict_on_every_example_is_that_of_the_model(path: Path, kind: str) -> None:
    """Editors, which use the schema, and services, which use the models, accept the same files."""
    parsed, _ = parse_yaml(path.name, path.read_bytes())
    if parsed is not None and parsed.value is not None:
        assert schema_accepts(kind, parsed.value) == model_accepts(kind, parsed.value)


@given(mutants())
@example(("manifest", {"version": True}))
@example(("manifest", {"version": 1.0}))
@example(("manifest", {"checks": {"max_blanked_cells": 5.0}}))
@example(("manifest", {"checks": {"max_blanked_cells": 10**400}}))
@example(("fields", {"fields": {"a": {"type": "number", "sample": math.nan}}}))
@example(("fields", {"fields": {"a": {"type": "number", "sample": 10**400}}}))
@example(("examples", {"examples": {"a\n": {"lead": {}, "tier": "A"}}}))
def test_schema_verdict_on_any_mutant_is_that_of_the_model(mutant: tuple[str, Any]) -> None:
    """Numbers, truth values, texts, NaN, unknown keys, odd names: one verdict."""
    kind, value = mutant
    assert schema_accepts(kind, value) == model_accepts(kind, value), json.dumps(value, default=str)


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_full_document_is_accepted_and_uses_every_key(kind: str) -> None:
    """The documents that the mutants are made from are sound and show every key of the model's top."""
    assert model_accepts(kind, FULL[kind])
    assert schema_accepts(kind, FULL[kind])
    assert set(FULL[kind]) == set(MODELS[kind].model_fields)


def test_published_schemas_are_up_to_date() -> None:
    """`mergecells schema export` has been run since the models changed."""
    root = Path(__file__).parents[3]
    assert {name: (root / name).read_bytes() for name in export_schemas()} == export_schemas()


def test_schema_describes_itself_for_editors() -> None:
    """An editor's YAML language server needs the draft, an identity, a title and words at each key."""
    for kind in MODELS:
        schema = export_schema(kind)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["$id"] == f"urn:mergecells:schema:{kind}:1"
        assert schema["title"]
        assert schema["description"]
    assert "sum to 1" in json.dumps(export_schema("rules")["$defs"]["Factor"]["properties"]["weight"])


def test_check_document_hostile_pattern_ends_at_once() -> None:
    """A team's own schema may hold a pattern that backtracks without end elsewhere."""
    findings = check_document(document({"a": "a" * 5000 + "!"}), {"properties": {"a": {"pattern": "^(a+)+$"}}})
    assert [finding.code for finding in findings] == ["schema.pattern"]


def test_check_document_broken_schema_is_a_problem_of_the_schema() -> None:
    """A schema that is none is told as such, not as a mistake of the document."""
    with pytest.raises(SchemaProblem):
        check_document(document({}), {"type": 5})
    with pytest.raises(SchemaProblem):
        check_document(document({}), {"$ref": "https://example.org/other.json"})
