"""What an engine answered is not asked again, and what it did not answer is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from mergecells.adapters.remembered_engines import RememberedEngines
from mergecells.transforms.formula_engines import NO_ANSWER, Answer, Calculation, EngineName, EngineRun


class Engines:
    """Answers each formula with its length; `failure` leaves the last of a batch unanswered."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.prepared: list[list[str]] = []
        self.failure = ""

    def prepare(self, engines: Collection[EngineName]) -> None:
        self.prepared.append(list(engines))

    def __call__(self, batches: Mapping[EngineName, Sequence[Calculation]]) -> Mapping[EngineName, EngineRun]:
        self.asked += [[item.formula for item in batch] for batch in batches.values()]
        return {engine: EngineRun(self._answers(batch), self.failure) for engine, batch in batches.items()}

    def _answers(self, batch: Sequence[Calculation]) -> list[Answer]:
        answers = [Answer(float(len(item.formula))) for item in batch]
        return [*answers[:-1], Answer(unable=NO_ANSWER)] if self.failure else answers


def sums(*formulas: str, years: float = 1) -> list[Calculation]:
    return [Calculation(formula, (("A1", years),)) for formula in formulas]


def test_engine_is_asked_for_what_is_new_only() -> None:
    """The same formula with other cells is new; answers come in the order asked, repetitions too."""
    engines = Engines()
    remembered = RememberedEngines(engines)
    first = remembered({"ironcalc": sums("=A1", "=A1+1")})["ironcalc"]
    again = remembered({"ironcalc": sums("=A1+1", "=1", "=A1", "=1"), "formualizer": sums("=A1")})
    assert [answer.value for answer in first.answers] == [3, 5]
    assert [answer.value for answer in again["ironcalc"].answers] == [5, 2, 3, 2]
    assert engines.asked == [["=A1", "=A1+1"], ["=1"], ["=A1"]]
    remembered({"ironcalc": sums("=A1", years=2)})
    assert engines.asked[-1] == ["=A1"]
    remembered({"ironcalc": sums("=A1", "=1")})
    assert len(engines.asked) == 4


def test_engine_that_failed_is_asked_again() -> None:
    """Its failure is told, and nothing of that run is kept."""
    engines = Engines()
    remembered = RememberedEngines(engines)
    engines.failure = "it took too long"
    assert remembered({"ironcalc": sums("=A1", "=2")})["ironcalc"].failure == "it took too long"
    engines.failure = ""
    run = remembered({"ironcalc": sums("=A1", "=2")})["ironcalc"]
    assert (run.failure, [answer.value for answer in run.answers]) == ("", [3, 2])


def test_engine_is_started_ahead_only_before_its_first_answer() -> None:
    """Later it is likely not to be asked at all."""
    engines = Engines()
    remembered = RememberedEngines(engines)
    remembered.prepare(["xlcalculator"])
    remembered({"xlcalculator": sums("=A1")})
    remembered.prepare(["xlcalculator"])
    assert engines.prepared == [["xlcalculator"], []]


def test_memory_is_bounded_and_keeps_what_is_used() -> None:
    """The answer that was not used for longest goes."""
    engines = Engines()
    remembered = RememberedEngines(engines, most=2)
    for formula in ("=1", "=22", "=1", "=333", "=1"):
        remembered({"ironcalc": sums(formula)})
    assert [batch for (batch,) in engines.asked] == ["=1", "=22", "=333"]


def test_engine_is_asked_anew_for_a_value_of_another_kind() -> None:
    """TRUE equals 1 to Python; a cell with one is not a cell with the other."""
    engines = Engines()
    remembered = RememberedEngines(engines)
    for value in (1.0, True, 0.0, -0.0, "1", 1.0):
        remembered({"ironcalc": [Calculation("=A1", (("A1", value),))]})
    assert len(engines.asked) == 5
