"""Scored leads as a Parquet file: the line, what is to be kept (as texts), score, tier, each component, issues."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from mergecells.domain.errors import UsageError

if TYPE_CHECKING:
    from mergecells.adapters.leads_file import LeadBatch, LeadRow
    from mergecells.domain.explanation import Explanation
    from mergecells.transforms.score import Score
    from mergecells.transforms.score_result import ScoreColumns

_HELD = 8_192
"""Single rows that are written together."""


class ParquetRows:
    """Writes batches as they come, single rows when enough are there. The revision is metadata of the schema."""

    def __init__(self, stream: BinaryIO, keep: Sequence[str]) -> None:
        try:
            import pyarrow
            from pyarrow import parquet
        except ImportError as error:
            raise UsageError("Parquet files need pyarrow.", 'Install it: pip install "mergecells[columns]".') from error
        self._arrow, self._parquet = pyarrow, parquet
        self._stream, self._keep = stream, keep
        self._writer: Any = None
        self._held: list[tuple[LeadRow, Score]] = []

    def write(self, row: LeadRow, score: Score, why: Explanation | None = None) -> None:  # noqa: ARG002
        self._held.append((row, score))
        if len(self._held) >= _HELD:
            self._flush()

    def write_batch(self, batch: LeadBatch, scores: ScoreColumns) -> None:
        from mergecells.apps.cli.score_results import kept_columns

        self._flush()
        self._append(list(batch.lines), kept_columns(batch, self._keep), scores)

    def close(self) -> None:
        """Write what is held, and the end of the file."""
        self._flush()
        if self._writer is not None:
            self._writer.close()

    def _flush(self) -> None:
        from mergecells.transforms.score_result import columns_of_scores

        held, self._held = self._held, []
        if held:
            kept = [[row.cells.get(title) for row, _ in held] for title in self._keep]
            self._append([row.line for row, _ in held], kept, columns_of_scores([score for _, score in held]))

    def _append(self, lines: list[int], kept: list[list[Any]], scores: ScoreColumns) -> None:
        pa = self._arrow
        table = scores.to_arrow()
        metadata = table.schema.metadata
        texts = [pa.array([None if v is None else str(v) for v in column], pa.string()) for column in kept]
        names = ["line", *self._keep, *table.column_names]
        whole = pa.table([pa.array(lines, pa.int64()), *texts, *table.columns], names=names, metadata=metadata)
        if self._writer is None:
            self._writer = self._parquet.ParquetWriter(self._stream, whole.schema)
        self._writer.write_table(whole)
