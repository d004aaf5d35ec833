"""CONVERT: units of measure. Source: Microsoft support, CONVERT function. Case counts in the names of units.

What a unit is worth in the base of its kind is exact where it is defined so (an inch, a pound, a gallon), else the
value of the SI brochure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from mergecells.formula.functions.math import finite
from mergecells.formula.registry import function
from mergecells.formula.values import NA, Fault


class Unit(NamedTuple):
    """`kind` of measure, what it is worth in that kind's base, and the power to which a prefix is raised; 0: none."""

    kind: str
    worth: float
    power: int = 0


_FOOT: Final = 0.3048
_MILE: Final = 1609.344
_POUND: Final = 453.59237
_GALLON: Final = 3.785411784e-3
_UK_GALLON: Final = 4.54609e-3
_GRAVITY: Final = 9.80665
_LIGHT_YEAR: Final = 9_460_730_472_580_800.0
_PARSEC: Final = 3.0856775814913673e16
_SURVEY_FOOT: Final = 1200 / 3937
_INCH: Final = 0.0254
_POINT: Final = _INCH / 72
_HORSE: Final = 550 * _POUND / 1000 * _GRAVITY * _FOOT
_BTU: Final = 1055.05585262


def _kinds() -> Mapping[str, Mapping[str, tuple[float, int]]]:
    lengths = {
        "m": (1.0, 1), "mi": (_MILE, 0), "Nmi": (1852.0, 0), "in": (_INCH, 0), "ft": (_FOOT, 0), "yd": (0.9144, 0),
        "ang": (1e-10, 1), "ell": (1.143, 0), "ly": (_LIGHT_YEAR, 1), "parsec": (_PARSEC, 1), "pc": (_PARSEC, 1),
        "Pica": (_POINT, 0), "Picapt": (_POINT, 0), "pica": (_INCH / 6, 0), "survey_mi": (5280 * _SURVEY_FOOT, 0),
    }  # fmt: skip
    powers = {"m": 1, "ang": 1}
    squares = {name: worth for name, (worth, _) in lengths.items() if name in
               ("m", "mi", "Nmi", "in", "ft", "yd", "ang", "ly", "Pica", "Picapt")}  # fmt: skip
    return {
        "mass": {
            "g": (1.0, 1), "sg": (_POUND * _GRAVITY / _FOOT, 0), "lbm": (_POUND, 0), "u": (1.66053906660e-24, 1),
            "ozm": (_POUND / 16, 0), "grain": (_POUND / 7000, 0), "cwt": (_POUND * 100, 0),
            "shweight": (_POUND * 100, 0), "uk_cwt": (_POUND * 112, 0), "lcwt": (_POUND * 112, 0),
            "hweight": (_POUND * 112, 0), "stone": (_POUND * 14, 0), "ton": (_POUND * 2000, 0),
            "uk_ton": (_POUND * 2240, 0), "LTON": (_POUND * 2240, 0), "brton": (_POUND * 2240, 0),
        },
        "length": lengths,
        "time": {
            "yr": (31_557_600.0, 0), "day": (86_400.0, 0), "d": (86_400.0, 0), "hr": (3600.0, 0), "mn": (60.0, 0),
            "min": (60.0, 0), "sec": (1.0, 1), "s": (1.0, 1),
        },
        "pressure": {
            "Pa": (1.0, 1), "p": (1.0, 1), "atm": (101_325.0, 1), "at": (101_325.0, 1), "mmHg": (133.322, 1),
            "psi": (_POUND / 1000 * _GRAVITY / _INCH**2, 0), "Torr": (101_325 / 760, 0),
        },
        "force": {
            "N": (1.0, 1), "dyn": (1e-5, 1), "dy": (1e-5, 1), "lbf": (_POUND / 1000 * _GRAVITY, 0),
            "pond": (_GRAVITY / 1000, 1),
        },
        "energy": {
            "J": (1.0, 1), "e": (1e-7, 1), "c": (4.184, 1), "cal": (4.1868, 1), "eV": (1.602176634e-19, 1),
            "ev": (1.602176634e-19, 1), "HPh": (_HORSE * 3600, 0), "hh": (_HORSE * 3600, 0), "Wh": (3600.0, 1),
            "wh": (3600.0, 1), "flb": (_POUND / 1000 * _GRAVITY * _FOOT, 0), "BTU": (_BTU, 0), "btu": (_BTU, 0),
        },
        "power": {"HP": (_HORSE, 0), "h": (_HORSE, 0), "PS": (75 * _GRAVITY, 0), "W": (1.0, 1), "w": (1.0, 1)},
        "magnetism": {"T": (1.0, 1), "ga": (1e-4, 1)},
        "volume": {
            "tsp": (_GALLON / 768, 0), "tspm": (5e-6, 0), "tbs": (_GALLON / 256, 0), "oz": (_GALLON / 128, 0),
            "cup": (_GALLON / 16, 0), "pt": (_GALLON / 8, 0), "us_pt": (_GALLON / 8, 0), "uk_pt": (_UK_GALLON / 8, 0),
            "qt": (_GALLON / 4, 0), "uk_qt": (_UK_GALLON / 4, 0), "gal": (_GALLON, 0), "uk_gal": (_UK_GALLON, 0),
            "l": (1e-3, 1), "L": (1e-3, 1), "lt": (1e-3, 1), "barrel": (_GALLON * 42, 0),
            "bushel": (2150.42 * _INCH**3, 0), "GRT": (100 * _FOOT**3, 0), "regton": (100 * _FOOT**3, 0),
            "MTON": (40 * _FOOT**3, 0),
            **{form: (worth**3, 3 * powers.get(name, 0)) for name, worth in squares.items()
               for form in (name + "3", name + "^3")},
        },
        "area": {
            "uk_acre": (4840 * 0.9144**2, 0), "us_acre": (43_560 * _SURVEY_FOOT**2, 0), "ar": (100.0, 1),
            "ha": (10_000.0, 0), "Morgen": (2500.0, 0),
            **{form: (worth**2, 2 * powers.get(name, 0)) for name, worth in squares.items()
               for form in (name + "2", name + "^2")},
        },
        "information": {"bit": (1.0, 1), "byte": (8.0, 1)},
        "speed": {
            "m/s": (1.0, 1), "m/sec": (1.0, 1), "m/h": (1 / 3600, 1), "m/hr": (1 / 3600, 1), "mph": (_MILE / 3600, 0),
            "kn": (1852 / 3600, 0), "admkn": (6080 * _FOOT / 3600, 0),
        },
    }  # fmt: skip


UNITS: Final[Mapping[str, Unit]] = {
    name: Unit(kind, worth, power) for kind, units in _kinds().items() for name, (worth, power) in units.items()
}
_PREFIXES: Final = {
    "Y": 1e24, "Z": 1e21, "E": 1e18, "P": 1e15, "T": 1e12, "G": 1e9, "M": 1e6, "k": 1e3, "h": 1e2, "da": 1e1, "e": 1e1,
    "d": 1e-1, "c": 1e-2, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15, "a": 1e-18, "z": 1e-21, "y": 1e-24,
}  # fmt: skip
_BINARY: Final = {f"{letter}i": 2.0 ** (10 * place) for place, letter in enumerate("kMGTPEZY", 1)}

_SCALES: Final[Mapping[str, tuple[float, float]]] = {
    **dict.fromkeys(("C", "cel"), (0.0, 1.0)),
    **dict.fromkeys(("F", "fah"), (32.0, 1.8)),
    **dict.fromkeys(("K", "kel"), (273.15, 1.0)),
    "Rank": (491.67, 1.8),
    "Reau": (0.0, 0.8),
}
"""Temperature: what the scale shows where water freezes, and how many of its degrees are a kelvin."""


def _unit(text: str) -> Unit:
    """A unit, with a prefix where it takes one. Raises Fault(#N/A) for an unknown one."""
    known = UNITS.get(text)
    if known is not None:
        return known
    for length in (2, 1):
        prefix, unit = text[:length], UNITS.get(text[length:])
        if unit is None or not unit.power:
            continue
        factor = _PREFIXES.get(prefix)
        if factor is None and unit.kind == "information":
            factor = _BINARY.get(prefix)
        if factor is not None:
            return Unit(unit.kind, unit.worth * factor**unit.power)
    raise Fault(NA)


def _temperature(number: float, source: str, target: str) -> float | None:
    """None where one of the two is no scale of temperature."""
    one, other = _scale(source), _scale(target)
    if one is None or other is None:
        return None
    return (number - one[0]) / one[1] * other[1] + other[0]


def _scale(text: str) -> tuple[float, float] | None:
    if text in _SCALES:
        return _SCALES[text]
    factor = _PREFIXES.get(text[:-1]) if text[-1:] == "K" else None
    return None if factor is None else (273.15 / factor, 1.0 / factor)


@function(
    "CONVERT(number, from, to)",
    "ntt",
    "n",
    "engineering",
    "A measure in another unit; #N/A for unknown units and for two that do not measure the same.",
)
def _convert(number: float, source: str, target: str) -> float:
    if source == target and (source in UNITS or _scale(source)):
        return number
    degrees = _temperature(number, source, target)
    if degrees is not None:
        return finite(degrees)
    one, other = _unit(source), _unit(target)
    if one.kind != other.kind:
        raise Fault(NA)
    return finite(number * one.worth / other.worth)
