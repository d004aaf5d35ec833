"""Notes and colour at cells that have a conflict or a finding; a later call clears what an earlier one marked.

The colour is a conditional format whose formula names this package: the cell's own look is never touched, and the mark
can be told from a person's formats after any program saved the workbook.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lxml import etree

from mergecells.adapters.xlsx_note_patch import add_note, drop_note, note_elements, note_text, set_note
from mergecells.adapters.xlsx_package import Package, q
from mergecells.adapters.xlsx_style_patch import StylePatch
from mergecells.adapters.xlsx_styles import MARK
from mergecells.domain.locations import CellRef, column_letters

TITLE = "mergecells:"
_RULE = 'LEN("mergecells")>0'
_AFTER_RULES = tuple(
    q(tag)
    for tag in (
        "dataValidations", "hyperlinks", "printOptions", "pageMargins", "pageSetup", "headerFooter", "rowBreaks",
        "colBreaks", "customProperties", "cellWatches", "ignoredErrors", "smartTags", "drawing", "legacyDrawing",
        "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst",
    )
)  # fmt: skip


def mark_xlsx(path: Path, marks: Mapping[CellRef, str]) -> bytes | None:
    """The file with exactly these marks; None when it has none and shall have none."""
    package = Package(path)
    styles = StylePatch(package)
    touched = False
    for tab in package.contents.tabs:
        touched |= _clear(package, tab.part)
        wanted = {ref: note for ref, note in marks.items() if ref.sheet == tab.name}
        if wanted:
            _mark(package, tab.part, wanted, styles.fill_format(MARK.removeprefix("#")))
            touched = True
    return package.content() if touched else None


def _clear(package: Package, part: str) -> bool:
    touched = False
    for rules in list(package.tree(part).iter(q("conditionalFormatting"))):
        for rule in [rule for rule in rules if any(_RULE in (e.text or "") for e in rule.iter(q("formula")))]:
            rules.remove(rule)
            touched = True
        parent = rules.getparent()
        if not len(rules) and parent is not None:
            parent.remove(rules)
    for address, element in note_elements(package, part).items():
        before, mark, _ = note_text(element).partition(TITLE)
        if not mark:
            continue
        touched = True
        if before.strip():
            set_note(element, before.rstrip("\n"))
        else:
            drop_note(package, part, address)
    return touched


def _mark(package: Package, part: str, marks: Mapping[CellRef, str], colour: str) -> None:
    root = package.tree(part)
    areas = " ".join(f"{column_letters(ref.column)}{ref.row}" for ref in marks)
    rules = etree.Element(q("conditionalFormatting"), sqref=areas)
    rule = etree.SubElement(rules, q("cfRule"), type="expression", dxfId=colour, priority="1")
    etree.SubElement(rule, q("formula")).text = _RULE
    following = next((each for each in root if each.tag in _AFTER_RULES), None)
    if following is None:
        root.append(rules)
    else:
        following.addprevious(rules)
    for other in root.iter(q("cfRule")):
        if other is not rule:
            other.set("priority", str(int(other.get("priority", "1")) + 1))
    present = note_elements(package, part)
    for ref, text in marks.items():
        address = f"{column_letters(ref.column)}{ref.row}"
        note = f"{TITLE} {text}"
        if address in present:
            set_note(present[address], f"{note_text(present[address])}\n\n{note}")
        else:
            add_note(package, part, (ref.row, ref.column), note)
