"""What is remembered between reloads is what reloads use."""

from __future__ import annotations

from itertools import count

import pytest

from mergecells.formula import remembered as module
from mergecells.formula.remembered import GENERATIONS, WITHOUT_RELOAD, Memory, remembered


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memories of these tests are no others' business."""
    monkeypatch.setattr(module, "_memories", [])
    monkeypatch.setattr(module, "_looks", count(1))


def test_result_is_computed_once_for_each_key() -> None:
    """Also when the result is falsy; what raises is tried again."""
    asked: list[str] = []

    @remembered(10)
    def size(text: str) -> int:
        asked.append(text)
        if text == "bad":
            raise ValueError
        return len(text)

    assert [size("ab"), size(""), size("ab"), size("")] == [2, 0, 2, 0]
    for _ in range(2):
        with pytest.raises(ValueError):
            size("bad")
    assert asked == ["ab", "", "bad", "bad"]


def test_memory_keeps_what_each_reload_uses_and_forgets_the_rest() -> None:
    """Used now and then is enough; unused for `GENERATIONS` reloads is not."""
    memory: Memory[int] = Memory(100)
    for key in ("always", "once", "seldom"):
        memory.keep(key, 1)
    for reload in range(1, 10 * GENERATIONS):
        module.forget_unused()
        assert memory.find("always") == 1
        if reload % (GENERATIONS - 1) == 0:
            assert memory.find("seldom") == 1
        memory.keep(f"new in {reload}", 1)
        assert len(memory) < 5 * GENERATIONS
    assert memory.find("once") is None


def test_memory_is_bounded_where_nobody_reloads() -> None:
    """A program of one config that is never reloaded, or a command that checks: oldest generations go first."""
    memory: Memory[int] = Memory(10)
    for number in range(1_000):
        memory.keep(number, number)
        assert len(memory) <= 10 * GENERATIONS
    assert memory.find(999) == 999
    assert memory.find(0) is None


def test_memory_is_bounded_while_revisions_are_refused() -> None:
    """They bring new formulas for as long as nobody mends the branch; a few of them cost nothing that serves."""
    memory: Memory[int] = Memory(1_000_000)
    memory.keep("serves", 1)
    for number in range(10 * GENERATIONS * WITHOUT_RELOAD):
        memory.keep(f"refused {number}", number)
        module.forget_now_and_then()
        assert len(memory) <= 1 + GENERATIONS * WITHOUT_RELOAD
        if number == (GENERATIONS - 1) * WITHOUT_RELOAD - 1:
            assert memory.find("serves") == 1


def test_memory_takes_in_a_config_much_larger_than_the_former() -> None:
    """Ten thousand formulas after thirty: all of them are known at the next reload."""
    memory: Memory[int] = Memory(32_768)
    for size in (30, 10_000):
        for key in range(size):
            memory.keep(key, key)
        module.forget_unused()
    assert all(memory.find(key) == key for key in range(10_000))


def test_forgetting_all_is_a_fresh_start() -> None:
    """As measurements of a first load need it."""
    memory: Memory[int] = Memory(10)
    memory.keep("a", 1)
    module.forget_unused()
    memory.keep("b", 2)
    assert module.remembered_count() == 2
    module.forget_all()
    assert (module.remembered_count(), memory.find("a"), memory.find("b")) == (0, None, None)
