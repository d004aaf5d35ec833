"""One known defect of an outside engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mergecells.formula import Value
from mergecells.transforms.formula_engines import EngineName
from mergecells.transforms.formula_uses import Condition


@dataclass(frozen=True, slots=True)
class Defect:
    """`what` it does, in words that follow the engine's name; a `case` and what the engine `gives` there.

    `applies` recognises a formula and inputs that run into it. `gives` None: no result, it raises.
    """

    engine: EngineName
    what: str
    case: str
    gives: Value
    applies: Condition
    inputs: Mapping[str, Value] = field(default_factory=dict)
