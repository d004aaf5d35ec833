"""Edits of tables → new bytes of the files, where every byte that no edit touches stays as it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mergecells.domain.revision import Files
from mergecells.domain.tables import AddRow, DeleteRow, Edit, MoveRow, RenameRow, SetCell, TableSpec
from mergecells.transforms.collector import paused_collector
from mergecells.transforms.prompt_edits import edit_prompts
from mergecells.transforms.tables import REMOVE
from mergecells.transforms.yaml_removal import RowRemoval
from mergecells.transforms.yaml_renaming import RowRenaming
from mergecells.transforms.yaml_rows import add_row, move_row, set_cell
from mergecells.transforms.yaml_source import SourceTree


def apply_edits(files: Files, specs: Mapping[str, TableSpec], edits: Sequence[Edit]) -> dict[str, bytes]:
    """The files that change, with their new content; an empty dict when nothing does.

    Deletes and renames name rows as they are in `files` and happen first, all at once; the other edits name rows as
    they are then, and happen in the order given (the order of `diff_tables`). A delete or rename of a row that is not
    there any more (its parent went, too) does nothing. Comments, order, quotes and line endings stay.

    Every changed file is parsed again and compared with what it must read as, before it is returned.
    Raises UsageError for a prompt deleted or renamed in a sheet, ConfigRejectedError when a file that should change
    does not parse, MergecellsError when an edit does not fit the file.
    """
    by_file: dict[str, list[Edit]] = {}
    for edit in edits:
        if not specs[edit.tab].is_per_file:
            by_file.setdefault(specs[edit.tab].file, []).append(edit)
    changed: dict[str, bytes] = {}
    for spec in specs.values():
        own = [edit for edit in edits if edit.tab == spec.tab] if spec.is_per_file else []
        changed |= edit_prompts(files, spec, own)
    for file, file_edits in by_file.items():
        with paused_collector():
            content = _edit_file(file, files.get(file), specs, file_edits)
        if content != files.get(file, b""):
            changed[file] = content
    return changed


def _edit_file(file: str, content: bytes | None, specs: Mapping[str, TableSpec], edits: Iterable[Edit]) -> bytes:
    tree = SourceTree(file, content)
    removal = RowRemoval(tree)
    renaming = RowRenaming(tree, specs, removal)
    later: list[AddRow | MoveRow | SetCell] = []
    for edit in edits:
        if isinstance(edit, DeleteRow):
            removal.plan(specs[edit.tab], edit.key)
        elif isinstance(edit, RenameRow):
            renaming.plan(specs[edit.tab], edit.key, edit.new_key)
        else:
            later.append(edit)
    removal.carry_out()
    renaming.carry_out()
    for edit in sorted(later, key=_rank):
        spec = specs[edit.tab]
        if isinstance(edit, SetCell):
            set_cell(tree, spec, edit)
        elif isinstance(edit, AddRow):
            add_row(tree, spec, edit)
        else:
            move_row(tree, spec, edit)
    removal.settle()
    return tree.render()


def _rank(edit: AddRow | MoveRow | SetCell) -> int:
    """What is not removed any more comes first, so that its cells have a place; what is removed now comes last."""
    if isinstance(edit, SetCell) and edit.column == REMOVE:
        return 2 if edit.value is True else 0
    if isinstance(edit, AddRow) and not edit.key[-1] and edit.cells.get(REMOVE) is True:
        return 2
    return 1
