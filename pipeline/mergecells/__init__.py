"""Config-as-data from a spreadsheet to a running service, by git SHA."""

from mergecells._version import __version__

__all__ = ["__version__"]
