"""An .xlsx as parts that can be replaced one by one; every part that is not touched keeps its bytes."""

from __future__ import annotations

import io
import posixpath
import zipfile
from pathlib import Path

from lxml import etree

from mergecells.adapters.xlsx_limits import open_archive
from mergecells.adapters.xlsx_parts import Contents, Relation, read_contents, read_relations, read_shared_texts
from mergecells.domain.errors import WorkbookUnreadableError

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
CONTENT_TYPES = "[Content_Types].xml"


def q(name: str) -> str:
    """A name of the spreadsheet's own namespace."""
    return f"{{{MAIN}}}{name}"


class Package:
    """The parts of one file; `tree` gives a part to edit, and what was edited is written by `content`."""

    def __init__(self, source: Path | bytes) -> None:
        opened = open_archive(source) if isinstance(source, Path) else zipfile.ZipFile(io.BytesIO(source))
        with opened as archive:
            self._infos = archive.infolist()
            self._parts = {info.filename: archive.read(info) for info in self._infos}
            self.contents: Contents = read_contents(archive)
            self.texts = read_shared_texts(archive, self.contents.part)
            self._relations = {
                part: read_relations(archive, part)
                for part in ("", self.contents.part, *(tab.part for tab in self.contents.tabs))
            }
        self._trees: dict[str, etree._Element] = {}
        self._parsed: dict[str, bytes] = {}

    def has(self, part: str) -> bool:
        return part in self._parts

    def find(self, part: str, kind: str) -> str | None:
        """The part that `part` relates to as `kind`."""
        for relation in self._relations.get(part, {}).values():
            if relation.kind == kind and relation.target in self._parts:
                return relation.target
        return None

    def kinds(self, part: str) -> set[str]:
        return {relation.kind for relation in self._relations.get(part, {}).values()}

    def tree(self, part: str) -> etree._Element:
        """The root of a part, to be edited in place. Entities are not expanded, nothing is fetched."""
        if part not in self._trees:
            parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
            try:
                self._trees[part] = etree.fromstring(self._parts[part], parser)
            except etree.XMLSyntaxError as error:
                raise WorkbookUnreadableError(
                    f"{part} cannot be read ({error}).", "Save the workbook again."
                ) from error
            self._parsed[part] = etree.tostring(self._trees[part])
        return self._trees[part]

    def add(self, part: str, content: bytes, content_type: str) -> None:
        """A new part with its content type."""
        self._parts[part] = content
        types = self.tree(CONTENT_TYPES)
        etree.SubElement(types, f"{{{TYPES}}}Override", PartName=f"/{part}", ContentType=content_type)

    def relate(self, part: str, target: str, kind: str) -> str:
        """Let `part` point to `target`. Returns the relationship's id."""
        folder, name = posixpath.split(part)
        place = posixpath.join(folder, "_rels", f"{name}.rels")
        if place not in self._parts:
            self._parts[place] = f'<Relationships xmlns="{RELATIONS}"/>'.encode()
        root = self.tree(place)
        taken = {element.get("Id") for element in root}
        new = next(f"rId{number}" for number in range(1, len(taken) + 2) if f"rId{number}" not in taken)
        address = posixpath.relpath(target, folder)
        etree.SubElement(root, f"{{{RELATIONS}}}Relationship", Id=new, Type=f"{OFFICE}/{kind}", Target=address)
        self._relations.setdefault(part, {})[new] = Relation(kind, target)
        return new

    def styles(self) -> etree._Element:
        """The root of the formats, which every workbook has. Raises WorkbookUnreadableError."""
        part = self.find(self.contents.part, "styles")
        if part is None:
            raise WorkbookUnreadableError("The workbook has no formats.", "Open it in your program and save it again.")
        return self.tree(part)

    def remove(self, owner: str, kind: str) -> None:
        """Take away the part that `owner` relates to as `kind`, with its relationship and content type."""
        part = self.find(owner, kind)
        if part is None:
            return
        folder, name = posixpath.split(owner)
        root = self.tree(posixpath.join(folder, "_rels", f"{name}.rels"))
        for element in [e for e in root if e.get("Type", "").endswith(f"/{kind}")]:
            root.remove(element)
        types = self.tree(CONTENT_TYPES)
        for element in [e for e in types if e.get("PartName") == f"/{part}"]:
            types.remove(element)
        del self._parts[part]

    def content(self) -> bytes:
        """The file. A part that was looked at and not changed keeps the spelling that its program gave it."""
        for part, root in self._trees.items():
            if part in self._parts and etree.tostring(root) != self._parsed[part]:
                self._parts[part] = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
        target = io.BytesIO()
        names = [info.filename for info in self._infos if info.filename in self._parts]
        names += [name for name in self._parts if name not in set(names)]
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for name in names:
                archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), self._parts[name], zipfile.ZIP_DEFLATED)
        return target.getvalue()
