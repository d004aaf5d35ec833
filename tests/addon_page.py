"""The sidebar's page in a real browser, in front of the add-on's real script."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from addon_stage import ADA, AddOn
from browser import SIDEBAR_WIDTH, Page, browser

PICTURES = os.environ.get("PICTURES", "")
"""A folder to keep the pictures in that the tests take."""

# What a person sees badly: text beyond the edge or without enough contrast (WCAG 1.4.3), a control without a name.
_LOOK = """
(() => {
  const light = (colour) => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((each) => each / 255);
    const [r, g, b] = parts.map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (colour !== 'rgba(0, 0, 0, 0)') return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const found = [];
  if (document.documentElement.scrollWidth > innerWidth) found.push('wider than the sidebar');
  for (const element of document.querySelectorAll('body *')) {
    const box = element.getBoundingClientRect();
    if (!box.width || getComputedStyle(element).visibility === 'hidden') continue;
    if (box.right > innerWidth + 0.5) found.push(`beyond the edge: ${element.tagName} ${element.className}`);
    const text = [...element.childNodes].some((each) => each.nodeType === 3 && each.textContent.trim());
    if (text && !['SCRIPT', 'STYLE'].includes(element.tagName)) {
      const [one, other] = [light(getComputedStyle(element).color), light(behind(element))].sort();
      const ratio = (other + 0.05) / (one + 0.05);
      if (ratio < 4.5) found.push(`contrast ${ratio.toFixed(1)}: ${element.textContent.slice(0, 40)}`);
    }
    if (element.matches('button, a') && !element.textContent.trim()) found.push(`no name: ${element.outerHTML}`);
    if (element.matches('input:not([type=radio])') && !element.labels.length) found.push(`no label: ${element.id}`);
  }
  return found;
})()
"""


class Sidebar:
    """One open sidebar of one person."""

    def __init__(self, page: Page, script: AddOn, folder: Path, person: str) -> None:
        self.page, self.script, self.folder, self.person = page, script, folder, person

    def open(self, entry: str = "submitToCi") -> None:
        """As the menu's entry does it."""
        place = self.folder / "sidebar.html"
        place.write_text(self.script.open(entry, self.person), encoding="utf-8")
        self.page.load(place)

    def tab_order(self, count: int) -> list[str]:
        """What the Tab key reaches, one after the other, from the top of the page."""
        named = "(document.activeElement.innerText || document.activeElement.id).split('\\n')[0]"
        self.page.run("document.activeElement.blur()")
        reached = []
        for _ in range(count):
            self.page.press("Tab")
            reached.append(self.page.run(named))
        return reached

    def look(self, name: str) -> bytes:
        """A picture, once everything about it is as it should be."""
        picture = self.page.picture()
        if PICTURES:
            (Path(PICTURES) / f"sidebar-{name}.png").write_bytes(picture)
        assert self.page.run(_LOOK) == []
        assert self.page.errors == []
        assert self.page.run("innerWidth") == SIDEBAR_WIDTH
        assert picture.startswith(b"\x89PNG")
        return picture


@contextmanager
def sidebar(script: AddOn, folder: Path, person: str = ADA, hurry: int = 4) -> Iterator[Sidebar]:
    with browser(folder / "profile", lambda name, given: script.call(name, *given, person=person), hurry) as page:
        yield Sidebar(page, script, folder, person)
