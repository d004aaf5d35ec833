"""Writes the part of Kubernetes' published JSON Schemas that `deploy/kubernetes` uses, as one small file.

    pip download --no-deps kubernetes-validate==1.37.0 && unzip kubernetes_validate-*.whl
    python tools/prune_kubernetes_schemas.py kubernetes_validate/kubernetes-json-schema/v1.33.0-local-strict

The package kubernetes-validate (Apache-2.0) carries the schemas that are generated from Kubernetes' own OpenAPI
description. `strict`: a key that the API does not know is an error. Kept are the kinds below and what they refer to;
descriptions go.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parents[1] / "tests/conformance/kubernetes/schemas.json.gz"
KINDS = {
    "ConfigMap": "configmap-v1",
    "CronJob": "cronjob-batch-v1",
    "Deployment": "deployment-apps-v1",
    "NetworkPolicy": "networkpolicy-networking-v1",
    "PersistentVolumeClaim": "persistentvolumeclaim-v1",
    "PodDisruptionBudget": "poddisruptionbudget-policy-v1",
    "Secret": "secret-v1",
    "Service": "service-v1",
    "ServiceAccount": "serviceaccount-v1",
    "StatefulSet": "statefulset-apps-v1",
}
_REFERENCE = re.compile(r"^(?:/api/_definitions\.json)?#/\$defs/")


def prune(folder: Path) -> dict[str, Any]:
    """One schema document: `$defs` of all kinds and of what they refer to; `kinds` names the roots."""
    everything = json.loads((folder / "_definitions.json").read_text())
    definitions = everything.get("$defs") or everything["definitions"]
    roots = {kind: json.loads((folder / f"{name}.json").read_text()) for kind, name in KINDS.items()}
    kept: dict[str, Any] = {}
    waiting = sorted(_references(list(roots.values())))
    while waiting:
        name = waiting.pop()
        if name not in kept:
            kept[name] = definitions[name]
            waiting += sorted(_references(definitions[name]))
    version = re.search(r"v\d+\.\d+\.\d+", folder.name)
    return {
        "version": version[0] if version else folder.name,
        "source": "kubernetes-validate 1.37.0 (PyPI, Apache-2.0)",
        "$defs": {**{name: _bare(kept[name]) for name in sorted(kept)}, **{kind: _bare(roots[kind]) for kind in roots}},
    }


def _references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {_REFERENCE.sub("", value["$ref"])} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(_references(inner) for inner in value.values()))
    return set().union(*(_references(inner) for inner in value)) if isinstance(value, list) else set()


def _bare(value: Any, names: bool = False) -> Any:
    """Without descriptions and extensions; `names`: the keys are names of properties, not of the schema language."""
    if isinstance(value, list):
        return [_bare(inner) for inner in value]
    if not isinstance(value, dict):
        return _REFERENCE.sub("#/$defs/", value) if isinstance(value, str) else value
    kept = {
        key: inner
        for key, inner in value.items()
        if names or not (key in {"description", "$schema", "$id"} or key.startswith("x-"))
    }
    return {key: _bare(inner, key == "properties" and not names) for key, inner in kept.items()}


def main() -> None:
    text = json.dumps(prune(Path(sys.argv[1])), separators=(",", ":"), sort_keys=True)
    # Without a time stamp, so that the same input gives the same bytes.
    TARGET.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(f"{TARGET.name}: {len(text):,} characters, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
