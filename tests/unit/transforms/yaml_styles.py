"""Random rule sets as YAML in the many styles that people write: the input of the round-trip properties."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from mergecells.domain.tables import Row, RowKey, Table, TableSpec, TableValue

NAMES = st.sampled_from(["size", "industry", "years", "no_site", "region", "x1", "y", "Yes", "on", "null_rate"])
TEXTS = st.one_of(
    st.sampled_from(
        [
            "007",
            "no",
            "12:30",
            "014",
            "1e3",
            "0o14",
            "=",
            "null",
            "~",
            "2024-02-29",
            "a: b",
            "# x",
            " lead",
            "end ",
            "it's",
        ]
    ),
    st.sampled_from(
        [
            'say "hi"',
            "back\\slash",
            "{x}",
            "[y]",
            "a, b",
            "- z",
            "? q",
            "café",
            "two\nlines",
            "tab\there",
            "\u00a0",
            "%",
            "@a",
        ]
    ),
    st.text(
        st.characters(codec="utf-8", exclude_characters="\r\ufeff", exclude_categories=("Cs", "Cc")),
        min_size=1,
        max_size=8,
    ),
)
WEIGHTS = st.sampled_from([0, 1, 0.3, 0.25, 1e-07, 0.1 + 0.2])
FORMULAS = st.sampled_from(["=IF(years>=10,1,years/10)", '=IF(a="x: y",1,0)', "=a & 'b'", "=MAX(a,b)*0.5", "=1 # x"])
SCALARS = st.one_of(TEXTS, WEIGHTS, st.booleans())


@st.composite
def styled(draw: st.DrawFn, value: dict[str, Any]) -> bytes:
    """The value as a YAML file: flow or block rows, any quotes, comments, blank lines, either line ending."""
    writer = _Writer(draw)
    lines = ["# head", ""] if draw(st.booleans()) else []
    lines += writer.mapping(value, 0, 0)
    text = "\n".join(lines) + draw(st.sampled_from(["\n", "\n\n# end\n", ""]))
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    mark = draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))
    return mark + text.replace("\n", newline).encode()


class _Writer:
    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.step = draw(st.sampled_from([2, 4]))

    def chance(self) -> bool:
        return self.draw(st.integers(0, 3)) == 0

    def mapping(self, value: dict[str, Any], column: int, depth: int) -> list[str]:
        lines: list[str] = []
        for key, child in value.items():
            if lines and self.chance():
                lines.append("")
            if self.chance():
                lines.append(" " * column + f"# about {key}")
            lines += self.entry(key, child, column, depth)
        return lines

    def entry(self, key: str, child: Any, column: int, depth: int) -> list[str]:
        start = " " * column + self.text(key, flow=False) + ":"
        comment = "  # note" if self.chance() else ""
        is_flow = isinstance(child, dict | list) and (not child or (depth > 0 and self.draw(st.booleans())))
        if is_flow or not isinstance(child, dict | list):
            return [f"{start} {self.flow(child)}{comment}"]
        inner = column + self.step
        if isinstance(child, dict):
            return [start + comment, *self.mapping(child, inner, depth + 1)]
        inner = column if self.chance() else inner
        return [start + comment, *(" " * inner + "- " + self.scalar(item, flow=False) for item in child)]

    def flow(self, value: Any) -> str:
        pad = " " if self.chance() else ""
        if isinstance(value, dict):
            parts = [f"{self.text(k, flow=True)}: {self.flow(v)}" for k, v in value.items()]
            return "{" + pad + ", ".join(parts) + pad + "}"
        if isinstance(value, list):
            return "[" + pad + ", ".join(self.flow(item) for item in value) + pad + "]"
        return self.scalar(value, flow=True)

    def scalar(self, value: Any, *, flow: bool) -> str:
        if value is None:
            return "null"
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, int | float):
            return {1e-07: "1.0e-07", 0.3: "0.30"}.get(value, repr(value))
        return self.text(value, flow=flow)

    def text(self, value: str, *, flow: bool) -> str:
        plain = (
            value.isascii() and value.replace("_", "").isalpha() and value.lower() not in ("no", "yes", "on", "null")
        )
        styles = ['"', *("'" if value.isprintable() and value.strip() == value else ""), *(["plain"] if plain else [])]
        style = self.draw(st.sampled_from(styles))
        if style == "plain":
            return value
        if style == "'":
            return "'" + value.replace("'", "''") + "'"
        escaped = "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in value)
        return f'"{escaped}"'


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    """A document with the shape of rules.yaml; the numbers need not sum to anything."""
    factor = st.fixed_dictionaries({"weight": WEIGHTS}, optional={"formula": FORMULAS, "description": TEXTS})
    component = st.fixed_dictionaries(
        {"weight": WEIGHTS},
        optional={"formula": FORMULAS, "description": TEXTS, "factors": st.dictionaries(NAMES, factor, max_size=4)},
    )
    tier = st.fixed_dictionaries({"min": st.integers(0, 100)}, optional={"label": TEXTS, "description": TEXTS})
    return draw(
        st.fixed_dictionaries(
            {
                "version": TEXTS,
                "tiers": st.dictionaries(st.sampled_from(["A", "B", "top tier", "1", "no"]), tier, max_size=4),
                "components": st.dictionaries(NAMES, component, max_size=4),
            },
            optional={
                "lists": st.dictionaries(NAMES, st.lists(TEXTS, unique=True, min_size=1, max_size=4), max_size=3),
                "formulas": st.dictionaries(NAMES, FORMULAS, max_size=3),
            },
        )
    )


@st.composite
def verticals(draw: st.DrawFn) -> dict[str, Any]:
    """A document with the shape of a vertical: changes, additions and removals by null."""
    change = {"weight": WEIGHTS, "formula": FORMULAS, "description": TEXTS}
    factor = st.one_of(st.none(), st.fixed_dictionaries({}, optional=change))
    factors = st.dictionaries(NAMES, factor, max_size=3)
    component = st.one_of(st.none(), st.fixed_dictionaries({}, optional={**change, "factors": factors}))
    parts = {"description": TEXTS, "components": st.dictionaries(NAMES, component, max_size=4)}
    return draw(st.fixed_dictionaries({}, optional=parts).filter(bool))


def cell_values(spec: TableSpec, title: str) -> st.SearchStrategy[TableValue]:
    """What an editor may type into a column."""
    kind = next(column.kind for column in spec.columns if column.title == title)
    typed = {"weight": WEIGHTS, "number": st.integers(0, 100), "formula": FORMULAS, "text": TEXTS, "scalar": SCALARS}
    if kind == "boolean":
        return st.sampled_from([None, True])
    return st.one_of(st.none(), typed[kind])


@st.composite
def edited(draw: st.DrawFn, table: Table) -> Table:
    """The table after a few edits of a person: cells set and blanked, rows added, deleted, renamed, moved."""
    rows = list(table.rows.values())
    for _ in range(draw(st.integers(0, 3))):
        rows = draw(_one_edit(table.spec, rows))
    return Table(table.spec, {row.key: row for row in rows})


@st.composite
def _one_edit(draw: st.DrawFn, spec: TableSpec, rows: list[Row]) -> list[Row]:
    kind = draw(st.sampled_from(["set", "add", "delete", "rename", "move"]))
    keys = {row.key for row in rows}
    if kind == "add" or not rows:
        key = draw(_new_key(spec, rows, keys))
        cells = {column.title: draw(cell_values(spec, column.title)) for column in spec.columns}
        index = draw(st.integers(0, len(rows)))
        return [*rows[:index], Row(key, cells), *rows[index:]]
    index = draw(st.integers(0, len(rows) - 1))
    row, rest = rows[index], [*rows[:index], *rows[index + 1 :]]
    if kind == "delete":
        return rest
    if kind == "move":
        place = draw(st.integers(0, len(rest)))
        return [*rest[:place], row, *rest[place:]]
    if kind == "rename":
        key = draw(_new_key(spec, rows, keys))
        former = row.former_key or row.key
        return [
            *rows[:index],
            Row(key, row.cells, former if former not in keys - {row.key} else None),
            *rows[index + 1 :],
        ]
    if not spec.columns:
        return rows
    title = draw(st.sampled_from([column.title for column in spec.columns]))
    cells = {**row.cells, title: draw(cell_values(spec, title))}
    return [*rows[:index], Row(row.key, cells, row.former_key), *rows[index + 1 :]]


@st.composite
def _new_key(draw: st.DrawFn, spec: TableSpec, rows: list[Row], keys: set[RowKey]) -> RowKey:
    last = draw(st.sampled_from([f"new{number}" for number in range(9)]))
    if len(spec.keys) == 1:
        key: RowKey = (last,)
    else:
        parents = sorted({row.key[0] for row in rows}) or ["fresh"]
        last = draw(st.sampled_from([last, ""])) if spec.optional_last_key else last
        key = (draw(st.sampled_from([*parents, "fresh"])), last)
    number = 0
    while key in keys:
        number += 1
        key = (*key[:-1], f"{last or 'new'}_{number}")
    return key
