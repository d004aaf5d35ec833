"""The team's own tabs: their files are parsed and checked against the JSON Schema that the manifest names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from mergecells.domain.configset import Document
from mergecells.domain.findings import Finding
from mergecells.domain.manifest import MANIFEST_NAME, CustomTab, Manifest
from mergecells.domain.revision import Files
from mergecells.transforms.schema_check import SchemaProblem, check_document
from mergecells.transforms.yaml_to_config import parse_yaml


def check_custom_tabs(
    files: Files, manifest: Manifest, documents: Mapping[str, Document]
) -> tuple[list[Finding], dict[str, Document]]:
    """Findings, and all documents: those given and those of the custom tabs that parse."""
    findings: list[Finding] = []
    known = dict(documents)
    for tab in manifest.tabs:
        if tab.file not in known and tab.file in files:
            document, problems = parse_yaml(tab.file, files[tab.file])
            findings += problems
            if document:
                known[tab.file] = document
        findings += _check_tab(tab, files, known)
    return findings, known


def _check_tab(tab: CustomTab, files: Files, documents: Mapping[str, Document]) -> Iterator[Finding]:
    for file in (tab.file, tab.schema_file):
        if file and file not in files:
            message = f"The tab {tab.tab} needs {file}, which is missing."
            yield Finding(code="schema.missing-file", message=message, hint="Add it.", file=MANIFEST_NAME)
    document = documents.get(tab.file)
    if tab.schema_file not in files or document is None:
        return
    assert tab.schema_file
    try:
        yield from check_document(document, json.loads(files[tab.schema_file]))
    except (ValueError, SchemaProblem) as error:
        message = f"This is not a JSON Schema: {error}."
        yield Finding(code="schema.invalid", message=message, hint="Mend it.", file=tab.schema_file)
