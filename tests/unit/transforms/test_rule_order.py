"""Named values are ordered so that each comes after what it uses, and circles are named."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mergecells.transforms.rule_order import order_by_use


def test_order_puts_each_name_after_what_it_uses() -> None:
    """A chain written upside down is turned round."""
    order = order_by_use({"c": {"b"}, "b": {"a", "field"}, "a": set()})
    assert order.names == ("a", "b", "c")
    assert order.cycles == ()


def test_order_names_circles_and_self_use_and_not_what_hangs_on_them() -> None:
    """Only the names inside a circle are part of it."""
    order = order_by_use({"x": {"y"}, "y": {"x"}, "user": {"x"}, "self": {"self"}, "free": set()})
    assert {frozenset(cycle) for cycle in order.cycles} == {frozenset({"x", "y"}), frozenset({"self"})}


def test_order_of_a_very_long_chain_needs_no_recursion() -> None:
    """100,000 names, each using the next, are ordered."""
    count = 100_000
    order = order_by_use({f"n{i}": {f"n{i + 1}"} for i in range(count)})
    assert order.names[0] == f"n{count - 1}"
    assert not order.cycles


NAMES = st.sampled_from("abcdefgh")


@given(st.dictionaries(NAMES, st.sets(NAMES)))
def test_order_holds_for_any_use(uses: dict[str, set[str]]) -> None:
    """Every name is there once; without circles each follows all it uses; a name in a circle reaches itself."""
    order = order_by_use(uses)
    assert sorted(order.names) == sorted(uses)
    circular = {name for cycle in order.cycles for name in cycle}
    for name, used_by_name in uses.items():
        reached, todo = set(), list(used_by_name)
        while todo:
            other = todo.pop()
            if other in uses and other not in reached:
                reached.add(other)
                todo.extend(uses[other])
        assert (name in reached) == (name in circular)
    if not order.cycles:
        place = {name: at for at, name in enumerate(order.names)}
        assert all(place[used] < place[name] for name in uses for used in uses[name] if used in uses)
