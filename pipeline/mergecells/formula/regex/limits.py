"""What a pattern may cost. All but the steps are known before anything is matched."""

from __future__ import annotations

from typing import Final

MAX_PATTERN: Final = 1_000
"""Characters in a pattern."""

MAX_REPEAT: Final = 1_000
"""The largest count in `{n,m}`, as in RE2."""

MAX_PROGRAM: Final = 2_000
"""Instructions of a compiled pattern: `x{100}` has 100 of them."""

MAX_GROUPS: Final = 100
MAX_DEPTH: Final = 60
"""Nested groups."""

MAX_STEPS: Final = 250_000
"""Instructions times characters of one search."""

MAX_STATES: Final = 512
"""States that one pattern's automaton remembers; beyond it, it forgets all and starts anew."""

MAX_ARROWS: Final = 16_384
"""Transitions that one pattern's automaton remembers, all states together."""
