"""How the place of a hub is written where addresses of services stand: `hub+https://hub.example.com#SPREADSHEET`."""

from __future__ import annotations

FLEET_TOKEN = "MERGECELLS_HUB_FLEET_TOKEN"  # noqa: S105 - the variable's name
_MARK = "hub+"


def hub_place(url: str, spreadsheet: str) -> str:
    return f"{_MARK}{url.rstrip('/')}#{spreadsheet}"


def is_hub(place: str) -> bool:
    return place.startswith(_MARK)


def hub_parts(place: str) -> tuple[str, str]:
    """The address, and the spreadsheet (empty: whichever the hub serves)."""
    url, _, spreadsheet = place.removeprefix(_MARK).partition("#")
    return url, spreadsheet
