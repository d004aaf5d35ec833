"""Random well-typed formulas over the whole table of functions, with values for the names that they use.

The same seed gives the same formulas as long as the table of functions stays the same.
"""

from __future__ import annotations

import datetime
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mergecells.formula import (
    FUNCTIONS,
    Array,
    Formula,
    FormulaSyntaxError,
    FunctionSpec,
    Value,
    names_used,
    parse,
    unsupported,
)
from mergecells.formula.number_text import write_number
from mergecells.formula.values import Scalar

DATE = datetime.date(2024, 2, 29)
_ODD = 0.03
"""How often an argument is of a kind that its function does not expect."""

_NUMBERS = (
    0.0,
    1.0,
    -1.0,
    2.0,
    3.0,
    10.0,
    0.5,
    0.25,
    -2.5,
    1.005,
    0.1,
    0.3,
    12.0,
    100.0,
    1e6,
    7.75,
    -0.4,
    60.0,
    45351.0,
)
_WORDS = ("", "a", "Google", "google", "organic search", "x@y.com", "12", "1.5", "Zürich", "a*b", " pad  ded ", "TRUE",
          "2024-02-29", "B-2", "ok", "-3", "10%")  # fmt: skip


@dataclass(frozen=True, slots=True)
class FuzzCase:
    """A formula that the language supports, and the inputs that it uses, by lower-case name."""

    formula: Formula
    inputs: Mapping[str, Value]


def fuzz_cases(seed: int, names: Iterable[str] = (), depth: int = 3) -> Iterator[FuzzCase]:
    """Without end; each case depends on the seed, its place and the functions (those of `names`, else all)."""
    functions = _Functions(names or FUNCTIONS)
    for number in range(2**62):
        made = _Maker(random.Random(f"{seed}:{number}"), functions).case(depth)  # noqa: S311
        if made is not None:
            yield made


def sample_calls(spec: FunctionSpec, count: int) -> list[FuzzCase]:
    """Calls of one function with plain arguments: what an engine has to answer to be said to have it."""
    found: list[FuzzCase] = []
    for number in range(count * 4):
        maker = _Maker(random.Random(f"{spec.name}:{number}"), _Functions((spec.name,)), odd=0.0)  # noqa: S311
        made = maker.finished("=" + maker.call(spec, 0))
        if made is not None and len(found) < count:
            found.append(made)
    return found


class _Functions:
    """What formulas are made of: every function, and those that give a number, a text or a truth value."""

    def __init__(self, names: Iterable[str]) -> None:
        self.all = tuple(FUNCTIONS[name] for name in sorted(names))
        self.giving = {
            result: tuple(spec for spec in self.all if spec.result in (result, "v") and spec.family != "lookup")
            for result in "ntb"
        }


class _Maker:
    def __init__(self, chance: random.Random, functions: _Functions, odd: float = _ODD) -> None:
        self.chance, self.functions, self.odd = chance, functions, odd
        self.names: dict[str, Value] = {}

    def case(self, depth: int) -> FuzzCase | None:
        spec = self.chance.choice(self.functions.all) if self.chance.random() < 0.7 else None
        text = self.call(spec, depth) if spec else self.any(depth)
        return self.finished("=" + text)

    def finished(self, text: str) -> FuzzCase | None:
        """None for the few texts that the language refuses, such as a format code that it does not know."""
        try:
            formula = parse(text)
        except FormulaSyntaxError:
            return None
        if unsupported(formula):
            return None
        used = {use.name.lower() for use in names_used(formula)}
        return FuzzCase(formula, {name: value for name, value in self.names.items() if name in used})

    # One expression of each type. `depth` is how many levels may follow.

    def any(self, depth: int) -> str:
        return self.chance.choice((self.number, self.number, self.text, self.truth))(depth)

    def number(self, depth: int) -> str:
        if depth <= 0 or self.chance.random() < 0.2:
            return self.leaf("num", self.plain_number) if self.chance.random() > 0.06 else self.blank()
        pick = self.chance.random()
        if pick < 0.3:
            return f"{self.operand(depth)}{self.chance.choice('+-*/')}{self.operand(depth)}"
        if pick < 0.36:
            return self.chance.choice(
                (f"-{self.operand(depth)}", f"{self.operand(depth)}%", f"{self.operand(depth)}^2")
            )
        return self.call(self.chance.choice(self.functions.giving["n"]), depth - 1)

    def operand(self, depth: int) -> str:
        return f"({self.number(depth - 1)})"

    def text(self, depth: int) -> str:
        if depth <= 0 or self.chance.random() < 0.3:
            return self.leaf("txt", self.plain_text)
        if self.chance.random() < 0.2:
            return f"{self.text(depth - 1)}&{self.text(depth - 1)}"
        return self.call(self.chance.choice(self.functions.giving["t"]), depth - 1)

    def truth(self, depth: int) -> str:
        if depth <= 0:
            return self.leaf("yes", lambda: self.chance.random() < 0.5)
        pick = self.chance.random()
        if pick < 0.4:
            sign = self.chance.choice(("=", "<>", "<", ">", "<=", ">="))
            return f"({self.number(depth - 1)}){sign}({self.number(depth - 1)})"
        if pick < 0.55:
            return f"({self.text(depth - 1)}){self.chance.choice(('=', '<>', '<'))}({self.text(depth - 1)})"
        return self.call(self.chance.choice(self.functions.giving["b"]), depth - 1)

    def leaf(self, kind: str, value: Callable[[], Scalar]) -> str:
        """A constant, or a name that has the value."""
        drawn = value()
        if self.chance.random() < 0.5:
            return _written(drawn)
        return self.named(kind, drawn)

    def named(self, kind: str, value: Value) -> str:
        name = f"{kind}_{'abcdefgh'[len(self.names) % 8]}"
        if name not in self.names:
            self.names[name] = value
        return name

    def blank(self) -> str:
        return self.named("nil", None)

    def plain_number(self) -> float:
        if self.chance.random() < 0.5:
            return self.chance.choice(_NUMBERS)
        return round(self.chance.uniform(-50, 200), self.chance.randint(0, 4))

    def plain_text(self) -> str:
        return self.chance.choice(_WORDS)

    def call(self, spec: FunctionSpec, depth: int) -> str:
        whole = _WHOLE_CALLS.get(spec.name)
        if whole is not None:
            return whole(self, depth)
        most = min(spec.most, spec.least + (2 * spec.repeats if spec.repeats else spec.most))
        count = self.chance.randint(spec.least, most)
        if spec.repeats and spec.name != "SWITCH":
            count -= (count - len(spec.kinds)) % spec.repeats if count > len(spec.kinds) else 0
        words = _argument_words(spec)
        return f"{spec.name}({','.join(self.argument(spec, index, words, depth) for index in range(count))})"

    def argument(self, spec: FunctionSpec, index: int, words: tuple[str, ...], depth: int) -> str:
        if self.chance.random() < self.odd:
            return self.chance.choice((self.blank, lambda: self.any(0), lambda: "#N/A", lambda: "1/0"))()
        repeated = spec.repeats or 1
        beyond = len(words) - repeated + (index - len(words)) % repeated
        word = words[index if index < len(words) else beyond] if words else ""
        special = _SPECIAL.get((spec.name, word)) or _SPECIAL.get(("", word))
        if special is not None:
            return special(self)
        if spec.kind_of(index) == "r" and spec.kinds.count("r") > 1:
            return self.five()  # lists that belong together are of one size
        return self.of_kind(spec.kind_of(index), depth)

    def of_kind(self, kind: str, depth: int) -> str:
        if kind in "nN":
            return self.nums() if kind == "N" and self.chance.random() < 0.3 else self.number(depth)
        if kind in "tT":
            return self.words() if kind == "T" and self.chance.random() < 0.3 else self.text(depth)
        if kind in "bB":
            return self.truth(depth)
        if kind == "r":
            return self.chance.choice((self.nums, self.nums, self.words))()
        return self.any(depth)

    # Lists and tables: names only, as a config has them, or short arrays in the formula.

    def nums(self) -> str:
        values = [self.plain_number() for _ in range(self.chance.randint(2, 5))]
        return self.list_of("nums", values)

    def rising(self) -> str:
        return self.list_of("rise", sorted({self.plain_number() for _ in range(self.chance.randint(2, 5))}))

    def words(self) -> str:
        return self.list_of("words", [self.plain_text() for _ in range(self.chance.randint(2, 4))])

    def list_of(self, kind: str, values: Sequence[Scalar]) -> str:
        if self.chance.random() < 0.3:
            return "{" + ";".join(map(_written, values)) + "}"
        return self.named(kind, Array.column(values))

    def five(self) -> str:
        return self.named("five", Array.column([self.plain_number() for _ in range(5)]))

    def table(self) -> str:
        keys = sorted({self.plain_number() for _ in range(4)})
        return self.named("table", Array([[key, self.plain_number(), self.plain_text()] for key in keys]))

    def wide(self) -> str:
        keys = sorted({self.plain_number() for _ in range(4)})
        return self.named("wide", Array([keys, [self.plain_number() for _ in keys]]))

    def day(self) -> str:
        serial = float(self.chance.choice((36526, 45351, 45382, 45657, 44255, self.chance.randint(30000, 55000))))
        return (
            self.named("day", serial)
            if self.chance.random() < 0.7
            else f"DATE(2024,{self.chance.randint(1, 12)},{self.chance.randint(1, 31)})"
        )

    def days(self) -> str:
        return self.named("days", Array.column([float(self.chance.randint(44000, 46000)) for _ in range(3)]))

    def dates(self) -> str:
        first = self.chance.randint(40000, 45000)
        return self.named("dates", Array.column([float(first + 200 * index) for index in range(5)]))

    def square(self) -> str:
        return self.named("square", Array([[self.plain_number() for _ in range(2)] for _ in range(2)]))

    def small(self) -> str:
        return str(self.chance.randint(1, 4))

    def one_of(self, *texts: str) -> str:
        return self.chance.choice(texts)

    def criterion(self) -> str:
        return self.chance.choice(
            ('">1"', '"<=10"', '"google"', '"<>a"', '"a*"', "1", '"=12"', self.number(0), self.text(0))
        )


def _argument_words(spec: FunctionSpec) -> tuple[str, ...]:
    """`MID(text, start, count)` → text, start, count."""
    inside = spec.syntax.partition("(")[2].rstrip(")")
    return tuple(word.strip() for word in re.split(r"[,\[\]…]+", inside) if word.strip())


def _written(value: Scalar) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return write_number(value)
    return '"' + str(value).replace('"', '""') + '"'


_WHOLE_CALLS: Mapping[str, Callable[[_Maker, int], str]] = {
    "LET": lambda m, d: f"LET(v,{m.number(d - 1)},v+{m.number(d - 1)}*v)",
    "LAMBDA": lambda m, d: f"LAMBDA(v,v*2+{m.number(d - 1)})({m.number(d - 1)})",
    "MAP": lambda m, d: f"SUM(MAP({m.nums()},LAMBDA(v,v*{m.number(d - 1)})))",
    "REDUCE": lambda m, d: f"REDUCE({m.number(d - 1)},{m.nums()},LAMBDA(a,v,a+v))",
    "SCAN": lambda m, _: f"SUM(SCAN(0,{m.nums()},LAMBDA(a,v,a+v)))",
    "BYROW": lambda m, _: f"SUM(BYROW({m.table()},LAMBDA(v,MAX(v))))",
    "BYCOL": lambda m, _: f"SUM(BYCOL({m.wide()},LAMBDA(v,MAX(v))))",
    "MAKEARRAY": lambda m, _: f"SUM(MAKEARRAY({m.small()},{m.small()},LAMBDA(r,c,r*c)))",
}
"""Calls that bind names of their own."""

_Special = Callable[[_Maker], str]
_SPECIAL: Mapping[tuple[str, str], _Special] = {
    ("", "date"): _Maker.day,
    ("NETWORKDAYS", "start"): _Maker.day,
    ("NETWORKDAYS", "end"): _Maker.day,
    ("WORKDAY", "start"): _Maker.day,
    ("DATEDIF", "start"): _Maker.day,
    ("DATEDIF", "end"): _Maker.day,
    ("DAYS", "start"): _Maker.day,
    ("DAYS", "end"): _Maker.day,
    ("", "holidays"): _Maker.days,
    ("AGGREGATE", "number"): lambda m: m.one_of("1", "2", "4", "5", "9"),
    ("AGGREGATE", "option"): lambda _: "6",
    ("SUBTOTAL", "number"): lambda m: m.one_of("1", "2", "4", "5", "9"),
    **{(name, word): value
       for name in ("TAKE", "DROP", "WRAPROWS", "WRAPCOLS", "EXPAND", "SINGLE")
       for word, value in {
           "list": _Maker.five,
           "rows": lambda m: m.one_of("1", "2", "-1"),
           "columns": lambda _: "1",
           "count": _Maker.small,
           "pad": lambda m: m.number(0),
       }.items()},
    ("EXPAND", "rows"): lambda m: m.one_of("5", "6", "7"),
    ("EXPAND", "columns"): lambda m: m.one_of("1", "2"),
    ("", "pattern"): lambda m: m.one_of('"o"', '"[a-c]+"', '"g.*e"', '"^x"', '"[0-9]{2}"'),
    ("", "ignore_case"): lambda m: m.one_of("0", "1"),
    ("", "mode"): lambda _: "0",
    ("REGEXREPLACE", "which"): lambda m: m.one_of("0", "1"),
    ("", "matrix"): _Maker.square,
    ("MMULT", "list"): _Maker.square,
    ("MDETERM", "list"): _Maker.square,
    ("MINVERSE", "list"): _Maker.square,
    ("MUNIT", "size"): _Maker.small,
    ("", "dates"): _Maker.dates,
    ("XNPV", "rate"): lambda m: m.one_of("0.05", "0.1"),
    ("", "unit"): lambda m: m.one_of('"Y"', '"M"', '"D"', '"MD"', '"YM"', '"YD"'),
    ("WEEKDAY", "type"): lambda m: m.one_of("1", "2", "3", "11", "16"),
    ("WEEKNUM", "type"): lambda m: m.one_of("1", "2", "21", "12"),
    ("DATE", "year"): lambda m: str(m.chance.randint(1990, 2040)),
    ("DATE", "month"): lambda m: str(m.chance.randint(-3, 20)),
    ("DATE", "day"): lambda m: str(m.chance.randint(-40, 60)),
    ("", "months"): lambda m: str(m.chance.randint(-30, 30)),
    ("", "format"): lambda m: m.one_of('"0"', '"0.00"', '"#,##0"', '"0%"', '"yyyy-mm-dd"', '"0.0"', '"000"'),
    ("", "digits"): lambda m: str(m.chance.randint(-2, 4)),
    ("", "decimals"): lambda m: str(m.chance.randint(0, 4)),
    ("", "count"): lambda m: str(m.chance.randint(0, 6)),
    ("REPT", "times"): lambda m: str(m.chance.randint(0, 5)),
    ("MID", "start"): _Maker.small,
    ("REPLACE", "start"): _Maker.small,
    ("FIND", "start"): lambda _: "1",
    ("SEARCH", "start"): lambda _: "1",
    ("", "which"): _Maker.small,
    ("CHAR", "number"): lambda m: str(m.chance.randint(32, 126)),
    ("UNICHAR", "number"): lambda m: str(m.chance.choice((65, 97, 228, 8364))),
    ("CHOOSE", "index"): lambda m: m.one_of("1", "2", "2.9"),
    ("INDEX", "list"): _Maker.table,
    ("INDEX", "row"): _Maker.small,
    ("INDEX", "column"): lambda m: m.one_of("1", "2", "3"),
    ("VLOOKUP", "table"): _Maker.table,
    ("VLOOKUP", "column"): lambda m: m.one_of("1", "2", "3"),
    ("HLOOKUP", "table"): _Maker.wide,
    ("HLOOKUP", "row"): lambda m: m.one_of("1", "2"),
    ("MATCH", "list"): _Maker.rising,
    ("MATCH", "type"): lambda m: m.one_of("0", "1"),
    ("LOOKUP", "list"): lambda m: m.named("rise", Array.column([-1.0, 1.0, 3.0, 10.0, 50.0])),
    ("LOOKUP", "results"): _Maker.five,
    ("XLOOKUP", "list"): lambda m: m.named("rise", Array.column([-1.0, 1.0, 3.0, 10.0, 50.0])),
    ("XLOOKUP", "results"): _Maker.five,
    ("XLOOKUP", "otherwise"): lambda m: m.number(0),
    ("", "match"): lambda m: m.one_of("0", "-1", "1"),
    ("", "search"): lambda m: m.one_of("1", "-1"),
    ("", "criterion"): _Maker.criterion,
    **{(name, word): _Maker.five
       for name in ("SUMIF", "SUMIFS", "AVERAGEIF", "AVERAGEIFS", "MAXIFS", "MINIFS", "COUNTIFS")
       for word in ("list", "sum_list", "average_list", "max_list", "min_list")},
    ("SUMPRODUCT", "list"): _Maker.five,
    ("SORT", "index"): lambda _: "1",
    ("SORT", "order"): lambda m: m.one_of("1", "-1"),
    ("SORTBY", "order"): lambda m: m.one_of("1", "-1"),
    ("", "by_column"): lambda _: "FALSE",
    ("UNIQUE", "once"): lambda m: m.one_of("TRUE", "FALSE"),
    ("", "k"): _Maker.small,
    ("", "share"): lambda m: m.one_of("0", "0.25", "0.5", "0.9", "1"),
    ("", "freedom"): lambda m: m.one_of("1", "2", "5", "30"),
    ("", "shape"): lambda m: m.one_of("0.5", "1", "2", "9"),
    ("", "alpha"): lambda m: m.one_of("0.05", "0.5", "0.9"),
    ("BETA.INV", "alpha"): lambda m: m.one_of("0.5", "2", "8"),
    ("BETAINV", "alpha"): lambda m: m.one_of("0.5", "2", "8"),
    ("", "with_constant"): lambda m: m.one_of("TRUE", "FALSE"),
    ("", "with_statistics"): lambda _: "FALSE",
    ("", "tails"): lambda m: m.one_of("1", "2"),
    ("T.TEST", "type"): lambda m: m.one_of("1", "2", "3"),
    ("TTEST", "type"): lambda m: m.one_of("1", "2", "3"),
    ("", "trials"): lambda m: m.one_of("5", "60"),
    ("BINOM.DIST.RANGE", "lower"): lambda m: m.one_of("0", "3"),
    ("BINOM.DIST.RANGE", "upper"): lambda m: m.one_of("3", "5"),
    ("", "total"): lambda m: m.one_of("20", "50"),
    ("", "marked"): lambda m: m.one_of("8", "12"),
    ("", "drawn"): lambda m: m.one_of("4", "9"),
    ("", "hits"): lambda m: m.one_of("0", "1", "3"),
    ("", "settlement"): lambda _: "DATE(2024,2,15)",
    ("", "maturity"): lambda m: m.one_of("DATE(2024,5,15)", "DATE(2024,12,31)"),
    ("ACCRINTM", "issue"): lambda _: "DATE(2023,4,1)",
    ("CONVERT", "from"): lambda m: m.one_of('"km"', '"mi"', '"ft"', '"m"'),
    ("CONVERT", "to"): lambda m: m.one_of('"m"', '"yd"', '"in"', '"Nmi"'),
    ("VDB", "life"): lambda m: m.one_of("5", "10"),
    ("VDB", "start"): lambda m: m.one_of("0", "1", "1.5"),
    ("VDB", "end"): lambda m: m.one_of("2", "4", "4.5"),
    ("VDB", "factor"): lambda m: m.one_of("1", "1.5", "2"),
    ("", "quarter"): lambda m: m.one_of("0", "1", "2", "3", "4"),
    ("", "power"): lambda m: m.one_of("2", "3", "0.5", "-1", "0"),
    ("GCD", "number"): lambda m: str(m.chance.randint(0, 60)),
    ("LCM", "number"): lambda m: str(m.chance.randint(1, 60)),
    ("SEQUENCE", "rows"): _Maker.small,
    ("SEQUENCE", "columns"): _Maker.small,
    ("SEQUENCE", "start"): _Maker.small,
    ("SEQUENCE", "step"): _Maker.small,
    ("", "keep"): lambda m: m.named("keep", Array.column([True, False, True])),
    ("FILTER", "list"): lambda m: m.named("three", Array.column([1.0, 2.0, 3.0])),
}  # fmt: skip
"""(function, word in its syntax) → what is likely to make sense there; ("", word) for every function."""
