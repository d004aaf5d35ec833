"""A change that moves many real leads to another tier needs an explicit yes."""

from __future__ import annotations

from mergecells.domain.findings import Finding
from mergecells.domain.impact import Impact
from mergecells.domain.manifest import MANIFEST_NAME

CODE = "change.impact"
_HINT = "If it is meant, say so with --allow-large."


def check_impact(impact: Impact, max_tier_change: float, allow_large: bool = False) -> list[Finding]:
    """A finding when more than the share `max_tier_change` of the leads changes tier."""
    if allow_large or impact.changed_tier_share <= max_tier_change:
        return []
    message = (
        f"{impact.changed_tiers:,} of {impact.leads:,} leads ({impact.changed_tier_share:.1%}) change tier; "
        f"more than {max_tier_change:.0%} needs a yes."
    )
    return [Finding(code=CODE, message=message, hint=_HINT, file=MANIFEST_NAME)]


def unmeasured(reason: str, allow_large: bool = False) -> list[Finding]:
    """The leads could not be scored. An error, as a guard that opens when it cannot see is none."""
    severity = "warning" if allow_large else "error"
    message = f"The impact on the leads cannot be measured: {reason}"
    return [Finding(code=CODE, severity=severity, message=message, hint=_HINT, file=MANIFEST_NAME)]
