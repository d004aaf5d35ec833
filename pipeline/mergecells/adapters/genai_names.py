"""Every name that our spans and OpenTelemetry metrics carry, in one place: those of GenAI still move.

As in OpenTelemetry's semantic conventions for generative AI, version 1.37 (opentelemetry-semantic-conventions 0.66b2),
and in the pages of Langfuse and LangSmith about OpenTelemetry.
"""

from __future__ import annotations

from collections.abc import Mapping

from mergecells.domain.routing import ProviderKind

OPERATION = "gen_ai.operation.name"
CHAT = "chat"
PROVIDER = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
RESPONSE_MODEL = "gen_ai.response.model"
FINISH_REASONS = "gen_ai.response.finish_reasons"
CONVERSATION_ID = "gen_ai.conversation.id"
PROMPT_NAME = "gen_ai.prompt.name"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
CACHED_TOKENS = "gen_ai.usage.cache_read.input_tokens"
INPUT_MESSAGES = "gen_ai.input.messages"
OUTPUT_MESSAGES = "gen_ai.output.messages"
TOKEN_TYPE = "gen_ai.token.type"  # noqa: S105 - the name of an attribute
ERROR_TYPE = "error.type"
HTTP_STATUS = "http.response.status_code"
USER_ID = "user.id"
SESSION_ID = "session.id"

METRIC_DURATION = "gen_ai.client.operation.duration"
METRIC_TOKENS = "gen_ai.client.token.usage"
METRIC_FIRST_CHUNK = "gen_ai.client.operation.time_to_first_chunk"
# The bounds that the conventions ask for.
DURATION_BOUNDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
TOKEN_BOUNDS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864)

REVISION = "mergecells.revision"
PROMPT_SHA = "mergecells.prompt.sha"
CALL_ID = "mergecells.call.id"
RUN_ID = "mergecells.run.id"
NODE = "mergecells.node"
WORKFLOW = "mergecells.workflow"
JOB_ID = "mergecells.job.id"
REQUEST_ID = "mergecells.request.id"
CALLER = "mergecells.user"
COST = "mergecells.cost.usd"
COST_SOURCE = "mergecells.cost.source"
TOKEN_SOURCE = "mergecells.token.source"  # noqa: S105 - the name of an attribute
CACHED = "mergecells.cached"
FALLBACK = "mergecells.fallback"
TRUNCATED = "mergecells.truncated"
INTENT = "mergecells.intent"
CONFIDENCE = "mergecells.intent.confidence"
OUTCOME = "mergecells.outcome"

LANGFUSE_VERSION = "langfuse.version"
LANGFUSE_TRACE_NAME = "langfuse.trace.name"
LANGSMITH_KIND = "langsmith.span.kind"

PROVIDER_NAMES: Mapping[ProviderKind, str] = {
    "openai": "openai",
    "anthropic": "anthropic",
    "gemini": "gcp.gemini",
    "perplexity": "perplexity",
    "moonshot": "moonshot_ai",
    "openai-compatible": "_OTHER",
}
"""Our kinds → well-known values of `gen_ai.provider.name`; a provider's own name stands where there is none."""
