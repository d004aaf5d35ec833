"""What was sealed loads as what was checked; what does not match its seal is never used."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.config_samples import revision_of, sample_files, sealed_tree
from mergecells.domain.config_tree import BUNDLE_FILE, MANIFEST_FILE, ConfigTree
from mergecells.serving.build import build_snapshot
from mergecells.serving.bundle import BundleInvalidError, Origin, load_bundle, read_manifest, seal_tree
from mergecells.serving.bundle_lines import CHUNK, dump_lines, load_lines
from mergecells.transforms.yaml_to_config import load_config

SHA = revision_of(7)
REPOSITORY = Path(__file__).resolve().parents[3]


def repository_files() -> dict[str, bytes]:
    found = [REPOSITORY / "mergecells.yaml", *(REPOSITORY / "scoring").rglob("*.yaml")]
    return {str(path.relative_to(REPOSITORY)): path.read_bytes() for path in found}


def with_sealed(tree: ConfigTree, name: str, content: bytes) -> ConfigTree:
    return replace(tree, sealed={**tree.sealed, name: content})


@pytest.mark.parametrize("files", [sample_files(), repository_files()], ids=["sample", "repository"])
def test_bundle_of_a_config_loads_as_the_same_config(files: dict[str, bytes]) -> None:
    """Sealing and loading lose nothing: rules, fields, examples, verticals and manifest are equal to the YAML's."""
    config = load_config(files).config
    assert config is not None
    tree = seal_tree(SHA, files, config, Origin("r", "main", None, 1, "now"))
    loaded = load_bundle(tree)
    assert loaded.rules == config.rules
    assert loaded.manifest == config.manifest
    assert list(loaded.rules.rules.components) == list(config.rules.rules.components)


def test_bundle_lines_stay_short_for_a_large_config() -> None:
    """A line never holds more than CHUNK rows, and all rows come back in their order."""
    count = 3 * CHUNK + 1
    factors = "".join(f"      f{i}: {{weight: 0, formula: '=1'}}\n" for i in range(count))
    rules = 'version: "1"\ntiers: {A: {min: 0}}\ncomponents:\n  c:\n    weight: 1\n    factors:\n' + factors
    config = load_config({"scoring/rules.yaml": rules.encode()}).config
    assert config is not None
    lines = list(dump_lines(config))
    assert max(len(json.loads(line).get("rows", {})) for line in lines) == CHUNK
    assert list(load_lines(lines).rules.rules.components["c"].factors) == [f"f{i}" for i in range(count)]


def test_bundle_keeps_the_rows_of_a_lookup_table_in_their_order() -> None:
    """A lookup between two values needs the order of the rows; a table of any length comes in bounded lines."""
    count = 2 * CHUNK + 1
    rows = "".join(f'  "{count - i}": {{fit: 0.5, note: "7"}}\n' for i in range(count))
    table = "columns: {n: {type: number}, fit: {type: number}, note: {type: text}}\nrows:\n" + rows
    config = load_config({**sample_files(), "scoring/tables/steps.yaml": table.encode()}).config
    assert config is not None
    lines = list(dump_lines(config))
    assert max(len(json.loads(line).get("rows", {})) for line in lines) == CHUNK
    loaded = load_lines(lines).rules.tables["steps"]
    assert loaded == config.rules.tables["steps"]
    assert list(loaded.rows) == list(config.rules.tables["steps"].rows)


def test_manifest_names_where_the_tree_comes_from() -> None:
    """Repository, ref, SHA, generation and a digest of every file."""
    manifest = read_manifest(sealed_tree("one", SHA, generation=4))
    assert manifest is not None
    assert (manifest.repository, manifest.ref, manifest.sha, manifest.generation) == ("repository.git", "main", SHA, 4)
    assert set(manifest.files) == set(sample_files())


@pytest.mark.parametrize("name", [MANIFEST_FILE, BUNDLE_FILE])
@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_bundle_with_any_damage_is_not_used(name: str, damage: str) -> None:
    """Cut short, one byte other, or empty: the digest tells, and the YAML serves instead."""
    tree = sealed_tree("one", SHA)
    content = tree.sealed[name]
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    broken = with_sealed(tree, name, {"cut": content[:middle], "flip": flipped, "empty": b""}[damage])
    with pytest.raises(BundleInvalidError):
        load_bundle(broken)
    snapshot = build_snapshot(broken)
    assert (snapshot.loaded_from, snapshot.revision) == ("yaml", SHA)
    assert "Loaded from YAML" in snapshot.notes[0]


def test_bundle_that_was_altered_into_another_good_one_is_not_used() -> None:
    """Valid JSON that validates proves nothing: only the digest says that it is what was checked."""
    tree = sealed_tree("one", SHA)
    altered = tree.sealed[BUNDLE_FILE].replace(b'"one"', b'"two"')
    assert altered != tree.sealed[BUNDLE_FILE]
    with pytest.raises(BundleInvalidError, match="digest"):
        load_bundle(with_sealed(tree, BUNDLE_FILE, altered))


def test_bundle_of_another_commit_is_not_used() -> None:
    """A seal that belongs to another SHA says nothing about this folder."""
    with pytest.raises(BundleInvalidError, match="belongs to"):
        load_bundle(replace(sealed_tree("one", SHA), revision=revision_of(8)))


@pytest.mark.parametrize("field", ["format", "schema_version"])
def test_bundle_of_a_newer_form_is_not_used_and_the_yaml_serves(field: str) -> None:
    """A service that is older than its follower goes on with the YAML, and says so."""
    tree = sealed_tree("one", SHA)
    manifest = read_manifest(tree)
    assert manifest is not None
    newer = manifest.model_copy(update={field: 99})
    from mergecells.serving import bundle

    sealed = newer.model_copy(update={"seal": bundle._seal(newer)}).model_dump_json().encode()
    snapshot = build_snapshot(with_sealed(tree, MANIFEST_FILE, sealed))
    assert snapshot.loaded_from == "yaml"
    assert "99" in snapshot.notes[0]


def test_published_tree_edited_in_place_is_called_dirty() -> None:
    """The folder's name claims a commit that its files no longer are."""
    tree = sealed_tree("one", SHA)
    edited = replace(tree, files={**tree.files, **sample_files("two")})
    snapshot = build_snapshot(edited)
    assert snapshot.revision.startswith(f"{SHA}-dirty-")
    assert snapshot.config.rules.rules.version == "two"


def test_tree_without_a_seal_loads_from_yaml_without_a_note() -> None:
    """A plain folder is no fault."""
    snapshot = build_snapshot(ConfigTree("untracked-1", sample_files()))
    assert (snapshot.loaded_from, snapshot.notes) == ("yaml", ())
    assert snapshot.field_names == {"years"}
