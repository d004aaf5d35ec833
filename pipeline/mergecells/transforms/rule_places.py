"""Where the parts of a rule set stand, found from its files at the first question: who only scores pays nothing.

The files are those of the very revision that scores, so a line is never that of another one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from mergecells.domain.configset import RULES_FILE, vertical_file
from mergecells.domain.explanation import SourcePlace
from mergecells.domain.locations import DocumentPath
from mergecells.domain.manifest import Manifest
from mergecells.domain.revision import Files

if TYPE_CHECKING:
    from mergecells.transforms.locate import Locator

PlaceOf: TypeAlias = Callable[[DocumentPath], SourcePlace | None]
"""The place of a weight or formula by its path in the rules; None where no file states it."""


class RulePlaces:
    """The positions in `files`, read once, at the first question. Any number of threads may share it."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._locator: Locator | None = None
        self._lock = threading.Lock()

    def of(self, vertical: str | None) -> PlaceOf:
        """Places for the base rules, or for a vertical's: its own file where it states the thing."""
        locator = self._found()

        def place(path: DocumentPath) -> SourcePlace | None:
            own = vertical_file(vertical) if vertical else None
            if own is not None and locator.has(own, path):
                return _place(locator, own, path, vertical)
            return _place(locator, RULES_FILE, path, None)

        return place

    def _found(self) -> Locator:
        if self._locator is None:
            with self._lock:
                if self._locator is None:
                    self._locator = _read(self._files)
        return self._locator


def _read(files: Files) -> Locator:
    # Imported here: the parser is not for a service that loads sealed bundles and is never asked.
    from mergecells.transforms.locate import Locator, index_cells
    from mergecells.transforms.tables import table_specs, tables_from_documents
    from mergecells.transforms.yaml_to_config import load_config

    loaded = load_config(files)
    specs = table_specs(loaded.documents, loaded.config.manifest if loaded.config else Manifest())
    return Locator(loaded.documents, index_cells(tables_from_documents(specs, loaded.documents)), files)


def _place(locator: Locator, file: str, path: DocumentPath, vertical: str | None) -> SourcePlace | None:
    if not locator.has(file, path):
        return None
    at = locator.documents[file].locate(path)
    return SourcePlace(file=file, line=at.line, column=at.column, cell=locator.cell(file, path), vertical=vertical)
