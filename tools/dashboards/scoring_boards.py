# ruff: noqa: E501 - a panel reads best in few lines
"""Scores, and the drift of tiers against revisions."""

from __future__ import annotations

from typing import Final

from dashboards.model import RATE, Dashboard, lines, q, quantile, rate, stat

SCORING: Final = Dashboard(
    "scoring",
    "mergecells: scoring",
    "Which tiers leads get, and whether that moved with a revision (marked) or without one.",
    (
        lines(
            "Shares of the tiers", "percentunit", "Of the leads of the last hour.",
            q("mergecells:tier_share:1h", "{{tier}}"), stacked=True, highest=1,
        ),
        lines(
            "Shares of the day before", "percentunit", "What the last hour is compared with.",
            q("mergecells:tier_share:1d_before", "{{tier}}"), stacked=True, highest=1, empty="There is no day before yet.",
        ),
        stat(
            "Leads in another tier", "percentunit", "Half the sum of the differences of the shares; no day before is no shift.",
            q(
                """0.5 * sum(abs((mergecells:tier_share:1h or mergecells:tier_share:1d_before * 0)
                - (mergecells:tier_share:1d_before or mergecells:tier_share:1h * 0)))
                and sum(mergecells:tier_share:1d_before) > 0 or vector(0)""",
                "shift",
            ),
            thresholds=((0.1, "yellow"), (0.15, "red")),
        ),
        lines(
            "Leads by tier", "cps", "Scored by all services.", q(rate("scores_total", "tier"), "{{tier}}"), stacked=True,
        ),
        lines(
            "Leads by revision and tier", "cps", "Two revisions side by side while services change over.",
            q(
                f"""sum by (revision, tier) (rate(mergecells_scores_total[{RATE}])
                * on (job, instance) group_left (revision) (mergecells_config_info == 1))""",
                "{{revision}} {{tier}}",
            ),
        ),
        lines(
            "Points", "none", "Quantiles of the scores, within buckets of ten.",
            q(quantile(0.1, "score_points"), "p10"),
            q(quantile(0.5, "score_points"), "p50"),
            q(quantile(0.9, "score_points"), "p90"),
            highest=100,
        ),
        lines(
            "Mean by revision", "none", "Mean score of each revision.",
            q(
                f"""sum by (revision) (rate(mergecells_score_points_sum[{RATE}])
                * on (job, instance) group_left (revision) (mergecells_config_info == 1))
                / sum by (revision) (rate(mergecells_score_points_count[{RATE}])
                * on (job, instance) group_left (revision) (mergecells_config_info == 1))""",
                "{{revision}}",
            ),
            highest=100,
        ),
        lines(
            "Leads with issues", "percentunit", "Share with a value that did not fit: a source changed what it sends.",
            q(
                f"sum(rate(mergecells_score_issues_total[{RATE}])) / sum(rate(mergecells_score_points_count[{RATE}]))",
                "issues",
            ),
            thresholds=((0.05, "yellow"), (0.2, "red")),
        ),
    ),
)  # fmt: skip
