"""Defined names in an existing workbook."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from mergecells.adapters.cell_references import Movements, move_formula
from mergecells.adapters.xlsx_package import Package, q

_BEFORE = tuple(q(tag) for tag in ("sheets", "functionGroups", "externalReferences"))


def move_names(package: Package, movements: Movements) -> None:
    """Let the names follow the rows that they point to."""
    for element in package.tree(package.contents.part).iter(q("definedName")):
        if element.text:
            element.text = move_formula(element.text, "", movements)


def patch_names(package: Package, wanted: Mapping[str, str], managed: set[str]) -> bool:
    """Make each wanted name point to its place; drop names that point into a managed tab at nothing any more.

    A person's own names stay. Returns whether anything changed.
    """
    root = package.tree(package.contents.part)
    order = [element.get("name", "") for element in root.iter(q("sheet"))]
    listed = root.find(q("definedNames"))
    present = {_full_name(element, order): element for element in listed} if listed is not None else {}
    changed = _drop_dead(present, wanted, managed)
    for name, target in wanted.items():
        key = _key(name)
        if key in present:
            if _plain(present[key].text or "") != _plain(target):
                present[key].text = target
                changed = True
            continue
        if listed is None:
            listed = etree.Element(q("definedNames"))
            [element for element in root if element.tag in _BEFORE][-1].addnext(listed)
        _add(listed, name, target, order)
        changed = True
    return changed


def _drop_dead(present: dict[tuple[str, str], etree._Element], wanted: Mapping[str, str], managed: set[str]) -> bool:
    kept = {_key(name) for name in wanted}
    dead = [key for key, element in present.items() if key not in kept and "#REF!" in (element.text or "")]
    for key in dead:
        element = present.pop(key)
        parent = element.getparent()
        if parent is not None and any(sheet in (element.text or "") for sheet in managed):
            parent.remove(element)
    return bool(dead)


def _add(listed: etree._Element, name: str, target: str, order: list[str]) -> None:
    scope, plain = _split(name)
    element = etree.Element(q("definedName"), name=plain)
    if scope:
        element.set("localSheetId", str(order.index(scope)))
    element.text = target
    # Excel keeps names in alphabetical order and repairs a file where they are not.
    following = next((each for each in listed if each.get("name", "").lower() > plain.lower()), None)
    if following is None:
        listed.append(element)
    else:
        following.addprevious(element)


def _split(name: str) -> tuple[str, str]:
    scope, mark, plain = name.rpartition("!")
    return (scope.strip("'").replace("''", "'"), plain) if mark else ("", name)


def _key(name: str) -> tuple[str, str]:
    scope, plain = _split(name)
    return scope, plain.lower()


def _full_name(element: etree._Element, order: list[str]) -> tuple[str, str]:
    scope = element.get("localSheetId")
    tab = order[int(scope)] if scope is not None and scope.isdigit() and int(scope) < len(order) else ""
    return tab, element.get("name", "").lower()


def _plain(target: str) -> str:
    return target.replace("'", "").lower()
