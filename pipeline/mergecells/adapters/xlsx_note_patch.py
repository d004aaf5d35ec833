"""Notes of an existing workbook: a part with the texts, and a drawing (VML) that says where each box is."""

from __future__ import annotations

from lxml import etree

from mergecells.adapters.cell_references import Movement, move_area
from mergecells.adapters.xlsx_package import MAIN, OFFICE, Package, q
from mergecells.adapters.xlsx_read import parse_address
from mergecells.domain.locations import column_letters

_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_AFTER_LEGACY = tuple(
    q(tag)
    for tag in (
        "legacyDrawingHF",
        "drawingHF",
        "picture",
        "oleObjects",
        "controls",
        "webPublishItems",
        "tableParts",
        "extLst",
    )
)
_COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_VML_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_VML = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel"><v:shapetype id="_x0000_t202" coordsize="21600,21600" '
    'o:spt="202" path="m,l,21600r21600,l21600,xe"/></xml>'
)
_SHAPE = (
    '<v:shape xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel" id="{id}" type="#_x0000_t202" '
    'style="position:absolute;width:240pt;height:90pt;z-index:1;visibility:hidden" fillcolor="#ffe08a">'
    '<v:fill color2="#ffe08a"/><x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
    "<x:Anchor>{c1}, 15, {r1}, 2, {c2}, 15, {r2}, 4</x:Anchor><x:AutoFill>False</x:AutoFill>"
    "<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)


def move_notes(package: Package, sheet_part: str, movement: Movement) -> None:
    """Let the notes follow their rows; those of rows that are gone go too."""
    for kind in ("comments", "threadedComment"):
        part = package.find(sheet_part, kind)
        for element in list(package.tree(part).iter("{*}comment", "{*}threadedComment")) if part else ():
            moved = move_area(element.get("ref", "A1"), None, movement)
            if moved != "#REF!":
                element.set("ref", moved)
            else:
                _remove(element)
    drawing = package.find(sheet_part, "vmlDrawing")
    for shape in list(package.tree(drawing).iter("{*}shape")) if drawing else ():
        _move_box(shape, movement)


def _move_box(shape: etree._Element, movement: Movement) -> None:
    row = shape.find(".//{*}Row")
    if row is None or not (row.text or "").strip().isdigit():
        return
    old = int(row.text or "0") + 1
    new = movement.row(old)
    if new is None:
        _remove(shape)
        return
    row.text = str(new - 1)
    anchor = shape.find(".//{*}Anchor")
    parts = (anchor.text or "").split(",") if anchor is not None else []
    if anchor is not None and len(parts) == 8:
        for index in (2, 6):
            parts[index] = str(max(0, int(parts[index]) + new - old))
        anchor.text = ", ".join(part.strip() for part in parts)


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def note_elements(package: Package, sheet_part: str) -> dict[str, etree._Element]:
    """The notes of a tab by address."""
    part = package.find(sheet_part, "comments")
    return {element.get("ref", ""): element for element in package.tree(part).iter(q("comment"))} if part else {}


def note_text(element: etree._Element) -> str:
    return "".join(text.text or "" for text in element.iter(q("t")))


def set_note(element: etree._Element, text: str) -> None:
    """Replace a note's text."""
    body = element.find(q("text"))
    if body is None:
        body = etree.SubElement(element, q("text"))
    body[:] = []
    leaf = etree.SubElement(etree.SubElement(body, q("r")), q("t"))
    leaf.text = text
    leaf.set(_SPACE, "preserve")


def drop_note(package: Package, sheet_part: str, address: str) -> None:
    """Remove a note and its box."""
    element = note_elements(package, sheet_part).get(address)
    place = parse_address(address)
    drawing = package.find(sheet_part, "vmlDrawing")
    if element is not None:
        _remove(element)
    for shape in list(package.tree(drawing).iter("{*}shape")) if drawing and place else ():
        row, column = shape.find(".//{*}Row"), shape.find(".//{*}Column")
        if row is not None and column is not None and place == (int(row.text or -1) + 1, int(column.text or -1) + 1):
            _remove(shape)


def add_note(package: Package, sheet_part: str, place: tuple[int, int], text: str) -> None:
    """A new note; the tab gets the two parts where it has none yet."""
    comments, drawing = _note_parts(package, sheet_part)
    root = package.tree(comments)
    listed = root.find(q("commentList"))
    assert listed is not None
    row, column = place
    element = etree.Element(q("comment"), ref=f"{column_letters(column)}{row}", authorId="0")
    set_note(element, text)
    listed.append(element)
    boxes = package.tree(drawing)
    shape = _SHAPE.format(
        id=f"_x0000_s{9000 + len(boxes)}",
        row=row - 1,
        column=column - 1,
        c1=column,
        c2=column + 3,
        r1=max(0, row - 2),
        r2=row + 4,
    )
    boxes.append(etree.fromstring(shape))


def _note_parts(package: Package, sheet_part: str) -> tuple[str, str]:
    number = next(n for n in range(1, 10_000) if not package.has(f"xl/comments9{n}.xml"))
    comments = package.find(sheet_part, "comments")
    if comments is None:
        comments = f"xl/comments9{number}.xml"
        empty = f'<comments xmlns="{MAIN}"><authors><author>mergecells</author></authors><commentList/></comments>'
        package.add(comments, empty.encode(), _COMMENTS_TYPE)
        package.relate(sheet_part, comments, "comments")
    drawing = package.find(sheet_part, "vmlDrawing")
    if drawing is None:
        drawing = f"xl/drawings/vmlDrawing9{number}.vml"
        package.add(drawing, _VML.encode(), _VML_TYPE)
        identity = package.relate(sheet_part, drawing, "vmlDrawing")
        legacy = etree.Element(q("legacyDrawing"), {f"{{{OFFICE}}}id": identity})
        root = package.tree(sheet_part)
        following = next((each for each in root if each.tag in _AFTER_LEGACY), None)
        if following is None:
            root.append(legacy)
        else:
            following.addprevious(legacy)
    return comments, drawing
