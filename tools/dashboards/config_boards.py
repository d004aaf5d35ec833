# ruff: noqa: E501 - a panel reads best in few lines
"""Overview, the config's way from the sheet to the branch, and services."""

from __future__ import annotations

from typing import Final

from dashboards.model import RATE, Dashboard, counted, lines, q, quantile, rate, stat, table

_BAD: Final = ((1.0, "red"),)
_API: Final = 'route!~"/metrics|/healthz|/readyz"'

OVERVIEW: Final = Dashboard(
    "overview",
    "mergecells: overview",
    "What is live, what was refused, what it costs, and whether anybody should get up.",
    (
        stat(
            "Live revision", "short", "Services by the revision that they run. More than one for long is wrong.",
            q("count by (revision) (mergecells_config_info == 1)", "{{revision}}"),
        ),
        stat(
            "Programs that answer", "percentunit", "Targets of Prometheus that could be scraped.",
            q('sum(up{job=~"mergecells-.*"}) / count(up{job=~"mergecells-.*"})', "up"),
            thresholds=((1.0, "green"),), base="red",
        ),
        stat(
            "Head of the branch", "none", "Refused: its checks fail, it is not published, later merges wait behind it.",
            q("max(mergecells_follow_head_refused)", "head"),
            thresholds=_BAD, words=((0, "good"), (1, "refused")),
        ),
        stat(
            "Merged, not live for", "s", "How long the newest merge has waited for services; 0 when all run it.",
            q("max(mergecells_hub_release_pending_seconds)", "waiting"),
            thresholds=((60, "yellow"), (300, "red")),
        ),
        stat(
            "Newest config refused by services", "none", "Services whose newest config could not be loaded.",
            q("count(mergecells_config_last_reload_successful == 0) or vector(0)", "services"), thresholds=_BAD,
        ),
        stat(
            "LLM cost, 24 hours", "currencyUSD", "Known costs of all prompts.",
            q(counted("prompt_cost_usd_total", window="24h"), "cost"),
        ),
        table(
            "Alerts that fire", "none", "From deploy/prometheus/rules.yml, without the dead man's switch.",
            q(
                'count by (alertname, severity) (ALERTS{alertstate="firing", alertname!="MergecellsWatchdog"})',
                "{{alertname}} ({{severity}})",
            ),
            empty="None fires.",
        ),
        lines(
            "Leads scored", "cps", "By tier, all services together.", q(rate("scores_total", "tier"), "{{tier}}"),
            stacked=True,
        ),
        lines(
            "Failed requests", "percentunit", "Share of answers with 5xx, without those that machines ask.",
            q(
                f'(sum by (job) (rate(mergecells_http_requests_total{{status=~"5..", {_API}}}[{RATE}]))'
                f" or 0 * sum by (job) (rate(mergecells_http_requests_total{{{_API}}}[{RATE}])))"
                f" / sum by (job) (rate(mergecells_http_requests_total{{{_API}}}[{RATE}]))",
                "{{job}}",
            ),
            thresholds=((0.02, "red"),),
        ),
        lines(
            "LLM calls", "reqps", "By how they ended.", q(rate("prompt_requests_total", "status"), "{{status}}"),
            stacked=True, empty="No model was called.",
        ),
    ),
)  # fmt: skip

PIPELINE: Final = Dashboard(
    "config-pipeline",
    "mergecells: config pipeline",
    "From the press of the button in the sheet to a published revision.",
    (
        lines(
            "Submissions", "short", "In an hour, by the state that they reached.",
            q(counted("hub_submissions_total", "state"), "{{state}}"), stacked=True,
        ),
        lines(
            "From the button to …", "s", "Median: until the hub was done, it was merged, it was live.",
            q(
                f"histogram_quantile(0.5, {counted('hub_submission_duration_seconds_bucket', 'until, le')})",
                "{{until}}",
            ),
        ),
        stat(
            "Submissions that wait", "short", "Now. One at a time is worked on for each sheet.",
            q("sum(mergecells_hub_waiting)", "waiting"), thresholds=((5, "yellow"), (20, "red")),
        ),
        stat(
            "Sessions", "short", "People who are signed in.", q("sum(mergecells_hub_sessions)", "sessions"),
        ),
        lines(
            "Findings", "short", "Of submissions in an hour, the ten most frequent; docs/checks.md explains each code.",
            q(
                f"topk(10, {counted('hub_findings_total', 'code, severity')})",
                "{{code}} ({{severity}})",
            ),
            empty="No submission had findings.",
        ),
        lines(
            "Pull requests", "short", "In an hour.",
            q(counted("hub_pull_requests_total", "event"), "{{event}}"),
        ),
        lines(
            "Sheet and branch differ", "short", "Cells: behind (the sheet lacks them), ahead (not merged), errors.",
            q("sum by (sheet, side) (mergecells_hub_sheet_drift)", "{{side}} {{sheet}}"),
        ),
        stat(
            "Compared", "s", "How long ago sheet and branch were last compared.",
            q("time() - min(mergecells_hub_sheet_drift_timestamp_seconds)", "ago"), thresholds=((7200, "yellow"),),
        ),
        lines(
            "Looks at the branch", "cps", "Of the follower, by what came of them.",
            q(rate("follow_steps_total", "result"), "{{result}}"),
        ),
        lines(
            "Follower's lag", "s", "For how long the branch's head has not been published.",
            q("mergecells_follow_lag_seconds", "{{instance}}"), thresholds=((60, "yellow"), (300, "red")),
        ),
        lines(
            "Follower's last look", "s", "How long ago. It looks twice a second unless told otherwise.",
            q("time() - (mergecells_follow_last_success_timestamp_seconds > 0)", "{{instance}}"),
            thresholds=((60, "red"),),
        ),
        lines(
            "Rejected revisions", "short", "In an hour: commits on the branch that fail their checks.",
            q(counted("follow_rejected_revisions_total"), "rejected"), thresholds=_BAD,
        ),
        lines(
            "Publishing", "s", "p95: reading, checking and publishing one revision.",
            q(
                f"histogram_quantile(0.95, {counted('follow_publish_duration_seconds_bucket', 'le')})",
                "p95",
            ),
        ),
        lines(
            "Sign-ins and webhooks", "short", "In an hour. Anything but accepted and taken deserves a look.",
            q(counted("hub_sign_ins_total", "result"), "sign-in {{result}}"),
            q(counted("hub_deliveries_total", "event, result") + " > 0", "{{event}} {{result}}"),
            empty="Nobody signed in, nothing was delivered.",
        ),
    ),
)  # fmt: skip

SERVICES: Final = Dashboard(
    "services",
    "mergecells: services and reload",
    "Which service runs which revision, how it got there, and how it answers.",
    (
        table(
            "What runs where", "none", "One line for each service.",
            q("mergecells_config_info == 1", "{{instance}} {{revision}}"),
        ),
        lines(
            "Services on the head", "short", "As the hub sees them: live run the head of the branch, late do not.",
            q("sum by (state) (mergecells_hub_release_services)", "{{state}}"), stacked=True,
        ),
        lines(
            "From merge to live", "s", "Of each revision and service; the merge as the hub saw it. A restart counts anew.",
            q(
                """clamp_min((mergecells_config_last_reload_success_timestamp_seconds
                * on (job, instance) group_left (revision) (mergecells_config_info == 1))
                - on (revision) group_left () max by (revision) (mergecells_hub_release_began_timestamp_seconds), 0)""",
                "{{instance}} {{revision}}",
            ),
            thresholds=((60, "yellow"), (300, "red")), empty="No hub tells when a revision was merged.",
        ),
        lines(
            "Runs since", "s", "Age of the revision in each service.",
            q("time() - mergecells_config_last_reload_success_timestamp_seconds", "{{instance}}"),
        ),
        lines(
            "Reloads", "short", "In an hour.",
            q(counted("config_reload_total", "instance, status"), "{{instance}} {{status}}"),
        ),
        lines(
            "Time of a reload", "s", "p95, good and bad ones.",
            q(
                f"histogram_quantile(0.95, {counted('config_reload_duration_seconds_bucket', 'le')})",
                "p95",
            ),
        ),
        lines(
            "Newest config serves", "none", "0: an older one had to stay.",
            q("mergecells_config_last_reload_successful", "{{instance}}"), highest=1,
        ),
        stat(
            "Ready", "percentunit", "Services that have a config.",
            q("avg(mergecells_config_ready)", "ready"), thresholds=((1.0, "green"),), base="red",
        ),
        lines(
            "Latency of a score", "s", "All services together; each bucket has an exemplar with a trace id.",
            *(
                q(
                    f"histogram_quantile({share}, sum by (le) (rate("
                    f'mergecells_http_request_duration_seconds_bucket{{route="/v1/score"}}[{RATE}])))',
                    f"p{share * 100:g}",
                )
                for share in (0.5, 0.95, 0.99)
            ),
            thresholds=((0.25, "red"),),
        ),
        lines(
            "Requests", "reqps", "By route and status.",
            q(rate("http_requests_total", "route, status"), "{{route}} {{status}}"), stacked=True,
        ),
        lines(
            "Latency by route", "s", "p95.", q(quantile(0.95, "http_request_duration_seconds", "route"), "{{route}}"),
        ),
        lines(
            "Memory", "bytes", "Resident.",
            q('process_resident_memory_bytes{job=~"mergecells-.*"}', "{{job}} {{instance}}"),
        ),
        lines(
            "Processor", "percentunit", "1 is a full core.",
            q(f'rate(process_cpu_seconds_total{{job=~"mergecells-.*"}}[{RATE}])', "{{job}} {{instance}}"),
            thresholds=((0.9, "red"),),
        ),
        lines(
            "Spans", "cps", "For tracing backends, sent and lost.",
            q(rate("telemetry_spans_total", "backend, result"), "{{backend}} {{result}}"),
            empty="No tracing backend is configured.",
        ),
        lines(
            "Versions", "short", "Programs by the version of mergecells.",
            q("count by (version) (mergecells_build_info)", "{{version}}"),
        ),
    ),
)  # fmt: skip
