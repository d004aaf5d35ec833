"""The names that a formula reads and their values, in a form for people and for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from mergecells.domain.explanation import InputKind, NamedInput, ShownValue
from mergecells.domain.scoring import Dialect, Rules, RuleSet
from mergecells.formula import Array, ErrorValue, Value, from_serial, names_used, parse


def shown_value(value: Value, field_type: str | None = None) -> ShownValue:
    """`value` as JSON holds it. A number in a field of type date becomes ISO text; an array tells its size alone."""
    if value is None:
        return ShownValue(kind="blank")
    if isinstance(value, bool):
        return ShownValue(kind="boolean", value=value)
    if isinstance(value, ErrorValue):
        return ShownValue(kind="error", value=value.code)
    if isinstance(value, Array):
        size = f"{value.height:,} values" if value.width == 1 else f"{value.height:,} × {value.width:,} values"
        return ShownValue(kind="array", value="1 value" if size == "1 values" else size)
    if isinstance(value, str):
        return ShownValue(kind="text", value=well_formed(value))
    if field_type == "date":
        try:
            return ShownValue(kind="date", value=from_serial(value).isoformat())
        except ValueError:
            pass  # No day of the calendar: the number says more.
    return ShownValue(kind="number", value=value)


def well_formed(text: str) -> str:
    """`text` with lone surrogates spelled out: JSON may bring them in, and no model or UTF-8 can hold them."""
    return text.encode("utf-8", "backslashreplace").decode()


class Names:
    """What the names of one rule set stand for."""

    def __init__(self, rule_set: RuleSet, rules: Rules) -> None:
        fields = rule_set.fields.fields if rule_set.fields else {}
        self._types: dict[str, str] = {name.lower(): field.type for name, field in fields.items()}
        self._written: dict[str, tuple[str, InputKind]] = {}
        named = (("table", rule_set.tables), ("list", rules.lists), ("field", fields), ("intermediate", rules.formulas))
        for kind, names in named:
            self._written.update({name.lower(): (name, kind) for name in names})  # type: ignore[misc]
        self._open = rule_set.fields is None
        self._dialect = rule_set.dialect

    def field_type(self, name: str) -> str | None:
        return self._types.get(name.lower())

    def inputs(self, text: str, values: Mapping[str, Value], factors: Mapping[str, float]) -> tuple[NamedInput, ...]:
        """Each name once, in the order of the formula. `factors` are those that a component's formula sees first."""
        own = {name.lower(): (name, value) for name, value in factors.items()}
        return tuple(
            NamedInput(name=own[key][0], source="factor", value=shown_value(own[key][1]))
            if key in own
            else self._input(key, written, values.get(key))
            for key, written in names_of(text, self._dialect).items()
        )

    def _input(self, key: str, written: str, value: Value) -> NamedInput:
        name, kind = self._written.get(key, (written, "field" if self._open else "unknown"))
        return NamedInput(name=name, source=kind, value=shown_value(value, self._types.get(key)))


@lru_cache(maxsize=4096)
def names_of(text: str, dialect: Dialect = "excel") -> dict[str, str]:
    """Lower case → as written, in the order of the text."""
    names: dict[str, str] = {}
    for name, _, _ in names_used(parse(text, dialect)):
        names.setdefault(name.lower(), name)
    return names
