"""The lead that the demo scores, and how it asks a service."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

LEAD: Mapping[str, Any] = {
    "name_quality": 0.9,
    "years": 12,
    "employees": 240,
    "revenue_millions": 30,
    "industry": "Software",
    "use_case": "Lead scoring for inbound",
    "country": "Germany",
    "language": "German",
    "timezone_offset": 0,
    "email": "a.weber@example.com",
    "job_title": "Head of Sales",
    "department": "Sales",
    "stakeholder_count": 2,
    "seats": 40,
    "price_per_seat": 600,
    "budget": 20000,
    "months_to_decision": 5,
    "crm_system": "HubSpot",
    "website_visits": 12,
    "pricing_views": 2,
    "emails_sent": 8,
    "emails_opened": 5,
    "lead_source": "Paid search",
}


def post_score(service: str, lead: Mapping[str, Any]) -> dict[str, Any]:
    """`POST /v1/score` on one service; its answer. Raises OSError when it does not answer."""
    address = urlsplit(service)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
    try:
        body = json.dumps({"lead": dict(lead)})
        connection.request("POST", "/v1/score", body, {"Content-Type": "application/json"})
        return dict(json.loads(connection.getresponse().read()))
    finally:
        connection.close()
