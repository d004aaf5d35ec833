"""Which tracing backends are configured, from the environment; each one takes plain OTLP over HTTP."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

from mergecells.domain.errors import UsageError

OTLP_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
OTLP_TRACES_ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
OTLP_HEADERS = "OTEL_EXPORTER_OTLP_HEADERS"
LANGFUSE_HOST = "https://cloud.langfuse.com"
LANGSMITH_HOST = "https://api.smith.langchain.com"
_INGESTION = {"x-langfuse-ingestion-version": "4"}


@dataclass(frozen=True, slots=True)
class Backend:
    """Where spans go. `metrics` is the address for metrics, None for a backend that takes traces only. `keys` and
    `place` name the variables that say who sends, and where to."""

    name: str
    traces: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    metrics: str | None = None
    keys: str = OTLP_HEADERS
    place: str = OTLP_ENDPOINT


def read_backends(environ: Mapping[str, str]) -> list[Backend]:
    """Every backend of this environment, none when nothing is set; half a pair of keys is one mistake less found late.

    `OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`, whole address) with `OTEL_EXPORTER_OTLP_HEADERS`;
    `LANGFUSE_PUBLIC_KEY` and `LANGFUSE_SECRET_KEY` with `LANGFUSE_HOST`; `LANGSMITH_API_KEY` with `LANGSMITH_ENDPOINT`
    and `LANGSMITH_PROJECT`. `OTEL_SDK_DISABLED=true` turns all off. Raises UsageError for an address that is none.
    """
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return []
    found = [_otlp(environ), _langfuse(environ), _langsmith(environ)]
    return [backend for backend in found if backend is not None]


def _otlp(environ: Mapping[str, str]) -> Backend | None:
    base = _address(environ, OTLP_ENDPOINT)
    traces = _address(environ, OTLP_TRACES_ENDPOINT) or (f"{base}/v1/traces" if base else "")
    if not traces:
        return None
    return Backend("otlp", traces, _pairs(environ.get(OTLP_HEADERS, "")), f"{base}/v1/metrics" if base else None)


def _langfuse(environ: Mapping[str, str]) -> Backend | None:
    public, secret = (environ.get(f"LANGFUSE_{part}_KEY", "").strip() for part in ("PUBLIC", "SECRET"))
    if not (public or secret):
        return None
    if not (public and secret):
        raise UsageError("One of LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY is missing.", "Set both, or neither.")
    base = _address(environ, "LANGFUSE_HOST") or _address(environ, "LANGFUSE_BASE_URL") or LANGFUSE_HOST
    basic = base64.b64encode(f"{public}:{secret}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", **_INGESTION}
    keys = "LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY"
    return Backend("langfuse", f"{base}/api/public/otel/v1/traces", headers, keys=keys, place="LANGFUSE_HOST")


def _langsmith(environ: Mapping[str, str]) -> Backend | None:
    key = environ.get("LANGSMITH_API_KEY", "").strip()
    if not key:
        return None
    base = _address(environ, "LANGSMITH_ENDPOINT") or LANGSMITH_HOST
    headers = {"x-api-key": key}
    project = environ.get("LANGSMITH_PROJECT", "").strip()
    if project:
        headers["Langsmith-Project"] = project
    keys = "LANGSMITH_API_KEY"
    return Backend("langsmith", f"{base}/otel/v1/traces", headers, keys=keys, place="LANGSMITH_ENDPOINT")


def _address(environ: Mapping[str, str], variable: str) -> str:
    text = environ.get(variable, "").strip().rstrip("/")
    if text and not text.startswith(("http://", "https://")):
        raise UsageError(f"{variable} is {text!r}.", "Give an address that begins with http:// or https://.")
    return text


def _pairs(text: str) -> dict[str, str]:
    """`name=value,name=value`, as OpenTelemetry's variable has them."""
    stated = (part.partition("=") for part in text.split(",") if "=" in part)
    return {name.strip(): value.strip() for name, _, value in stated}
