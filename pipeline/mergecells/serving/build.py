"""From the files of one moment to a Snapshot: from the sealed bundle where it is sound, else from the YAML itself."""

from __future__ import annotations

from dataclasses import replace

from mergecells.domain.config_tree import ConfigTree
from mergecells.domain.configset import RULES_FILE, ConfigSet
from mergecells.domain.errors import ConfigRejectedError
from mergecells.domain.findings import Finding, has_errors
from mergecells.domain.revision import Files, Revision, digest_files, is_full_sha, short
from mergecells.serving.bundle import BundleInvalidError, FilesChangedError, load_bundle, read_manifest, verify_files
from mergecells.serving.snapshot import LoadedFrom, Snapshot
from mergecells.serving.turns import resting_collector, spare_from_collections
from mergecells.transforms.rule_places import RulePlaces
from mergecells.transforms.score import compile_rules

_SHOWN_DIGEST = 12
_LARGE = 2_000
"""Factors from which on a garbage collection over the config is felt by readers."""


def build_snapshot(tree: ConfigTree) -> Snapshot:
    """The Snapshot of a tree. Raises ConfigRejectedError with all findings when the config must not be used.

    A bundle that is damaged, foreign or of other files than those beside it is not used, and the notes say so; the YAML
    then passes every check that needs no outside program.
    """
    with resting_collector():
        digest = digest_files(tree.files)
        revision = tree.revision
        notes: tuple[str, ...] = ()
        loaded_from: LoadedFrom = "bundle"
        try:
            config = load_bundle(tree)
        except BundleInvalidError as error:
            if tree.sealed:
                notes = (f"Loaded from YAML: {error.message}",)
            loaded_from = "yaml"
            revision = _honest_revision(tree, digest)
            config = load_checked(tree.files, revision)
        fields = config.rules.fields
        names = frozenset(name.lower() for name in fields.fields) if fields else None
        scorer = compile_rules(config, revision)
        if sum(len(body.factors) for body in config.rules.rules.components.values()) > _LARGE:
            spare_from_collections()
        places = RulePlaces(tree.files)
        return Snapshot(revision, digest, config, scorer, loaded_from, notes, names, places, tree.traceparent)


def load_checked(files: Files, revision: Revision) -> ConfigSet:
    """The config from its YAML. Raises ConfigRejectedError with every finding when there is an error among them."""
    # Imported here: a service that loads sealed bundles never needs the parser nor the checks.
    from mergecells.serving.light_check import check_light
    from mergecells.transforms.yaml_to_config import load_config

    loaded = load_config(files)
    findings = list(loaded.findings)
    if loaded.config is not None and not has_errors(findings):
        findings += check_light(loaded.config, loaded.documents)
    if loaded.config is None or has_errors(findings):
        errors = [finding for finding in findings if finding.severity == "error"]
        raise ConfigRejectedError(f"{short(revision)}: {_summary(errors)}", findings)
    return replace(loaded.config, documents={})


def _honest_revision(tree: ConfigTree, digest: str) -> Revision:
    """A published tree that somebody edited is not what its folder's name says."""
    if is_full_sha(tree.revision):
        try:
            manifest = read_manifest(tree)
            if manifest is not None:
                verify_files(manifest, tree)
        except FilesChangedError:
            return f"{tree.revision}-dirty-{digest[:_SHOWN_DIGEST]}"
        except BundleInvalidError:
            return tree.revision
    return tree.revision


def _summary(errors: list[Finding]) -> str:
    if not errors:
        return f"there is no usable {RULES_FILE}"
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{errors[0]}{more}"
