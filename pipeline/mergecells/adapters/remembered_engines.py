"""Outside engines that are not asked twice: a long-lived program checks nearly the same formulas again and again.

An answer depends on nothing but the formula and its cells: engines run in fresh processes with a fixed hash seed, and
what would read a clock is refused before. So what an engine answered once it would answer again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

from mergecells.transforms.formula_engines import NO_ANSWER, Answer, Calculation, EngineName, EngineRun, Recompute

MOST_ANSWERS = 100_000
"""Of all engines together, some 50 MB; those not used for longest go."""

_Key: TypeAlias = tuple[EngineName, str, str]


class RememberedEngines:
    """A `Recompute` in front of another. Safe for several threads."""

    def __init__(self, engines: Recompute, most: int = MOST_ANSWERS) -> None:
        self._engines, self._most = engines, most
        self._answers: OrderedDict[_Key, Answer] = OrderedDict()
        self._known: set[EngineName] = set()
        self._lock = threading.Lock()

    def prepare(self, engines: Collection[EngineName]) -> None:
        """An engine that has answered before is likely not to be asked: starting it ahead would be for nothing."""
        self._engines.prepare([engine for engine in engines if engine not in self._known])

    def __call__(self, batches: Mapping[EngineName, Sequence[Calculation]]) -> Mapping[EngineName, EngineRun]:
        """All results in order; only what is new is asked."""
        keys = {engine: [_key(engine, item) for item in batch] for engine, batch in batches.items()}
        known = self._find([key for each in keys.values() for key in each])
        asked: dict[EngineName, dict[_Key, Calculation]] = {}
        for engine, batch in batches.items():
            new = {key: item for key, item in zip(keys[engine], batch, strict=True) if key not in known}
            if new:
                asked[engine] = new
        runs = self._engines({engine: list(new.values()) for engine, new in asked.items()}) if asked else {}
        for engine, run in runs.items():
            answers = dict(zip(asked[engine], run.answers, strict=True))
            known.update(answers)
            self._keep(engine, answers, run.failure)
        return {
            engine: EngineRun(tuple(map(known.__getitem__, each)), runs[engine].failure if engine in runs else "")
            for engine, each in keys.items()
        }

    def _find(self, keys: Sequence[_Key]) -> dict[_Key, Answer]:
        found: dict[_Key, Answer] = {}
        with self._lock:
            for key in keys:
                answer = self._answers.get(key)
                if answer is not None:
                    self._answers.move_to_end(key)
                    found[key] = answer
        return found

    def _keep(self, engine: EngineName, answers: Mapping[_Key, Answer], failure: str) -> None:
        """Not what a stopped engine left unanswered: the next time it may get further."""
        if failure:
            return
        with self._lock:
            self._answers.update({key: answer for key, answer in answers.items() if answer.unable != NO_ANSWER})
            self._known.add(engine)
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)


def _key(engine: EngineName, item: Calculation) -> _Key:
    """As text: TRUE equals 1 to Python, and -0.0 equals 0.0, and to an engine neither does."""
    return engine, item.formula, repr(item.cells)
