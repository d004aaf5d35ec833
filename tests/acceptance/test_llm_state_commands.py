"""`mergecells cache` and `mergecells budgets` on what calls left behind."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from acceptance.stage import command, make_stage
from mergecells.adapters.redis_cache import RedisCache
from mergecells.adapters.redis_ledger import RedisLedger
from mergecells.adapters.sqlite_cache import SqliteCache
from mergecells.adapters.sqlite_ledger import SqliteLedger
from mergecells.domain.llm import NANO, CachedAnswer, Cap
from mergecells.ports import BudgetLedger, ResponseCache
from mergecells.prompting.budget_keys import day_of

ANSWER = CachedAnswer("Hello.", "stop", "acme", "small", 900, 100, 0, "provider", 0.25, "untracked-1", 1_000.0)
BUDGETS = """budgets:
  run: {warn: 1, halt: 5}
  node: {warn: 1, halt: 2}
  day: {warn: 2, halt: 100}
  persona:ada: {warn: 10, halt: 20}
"""


def fill_cache(cache: ResponseCache) -> None:
    cache.put("a" * 64, ANSWER, 600)
    for found in (None, ANSWER, ANSWER, ANSWER):
        cache.count(found)
    cache.close()


def spend(ledger: BudgetLedger) -> None:
    today = Cap(f"day:{day_of(time.time())}", 100 * NANO)
    for name, key, dollars in (("1", "run:r1", 5), ("2", "node:r1/draft", 1), ("3", "run:r2", 1)):
        ledger.reserve(name, [Cap(key, 10 * NANO), today], dollars * NANO, 600)
        ledger.settle(name, dollars * NANO - 1)
    ledger.reserve("4", [Cap("run:r2", 10 * NANO), today], NANO // 4, 600)
    ledger.reserve("5", [Cap("gone:x", 10 * NANO)], NANO // 2, 0)
    ledger.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A config with budgets, without anything else."""
    made = make_stage(tmp_path).root
    (made / "prompts" / "budgets.yaml").write_text(BUDGETS)
    return made


def test_cache_stats_says_what_was_saved(tmp_path: Path) -> None:
    """Entries, rate, tokens and cost, as text and as JSON."""
    fill_cache(SqliteCache(tmp_path / "llm-cache.sqlite3"))
    shown = command("cache", "stats", "--state-dir", tmp_path)
    assert shown.status == 0
    assert "75.0% of 4 calls: 3 hits, 1 miss" in shown.output
    assert "$0.7500, 3,000 tokens" in shown.output
    found = command("cache", "stats", "--state-dir", tmp_path, "--output", "json").json
    assert (found["entries"], found["hits"], found["misses"], found["hit_rate"]) == (1, 3, 1, 0.75)
    assert (found["saved_tokens"], found["saved_cost"]) == (3000, 0.75)


def test_cache_clear_is_a_dry_run_until_apply(tmp_path: Path) -> None:
    """Said how many there are; removed only when told to."""
    fill_cache(SqliteCache(tmp_path / "llm-cache.sqlite3"))
    dry = command("cache", "clear", "--state-dir", tmp_path)
    assert "1 answers in" in dry.output
    assert "--apply" in dry.messages
    assert command("cache", "stats", "--state-dir", tmp_path, "--output", "json").json["entries"] == 1
    done = command("cache", "clear", "--state-dir", tmp_path, "--apply", "--output", "json").json
    assert (done["entries"], done["cleared"]) == (1, True)
    assert command("cache", "stats", "--state-dir", tmp_path, "--output", "json").json["entries"] == 0


def test_cache_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """Looking makes no file, and says where it looked."""
    shown = command("cache", "stats", "--state-dir", tmp_path / "none")
    assert shown.status == 1
    assert "There is no cache of answers at" in shown.messages
    assert not (tmp_path / "none").exists()


@pytest.mark.needs("redis-server")
def test_cache_and_budgets_in_redis(redis_url: str, root: Path) -> None:
    """The same commands by address, which is shown without a password."""
    fill_cache(RedisCache(redis_url))
    spend(RedisLedger(redis_url))
    assert command("cache", "stats", "--cache", redis_url, "--output", "json").json["hits"] == 3
    shown = command("--config-root", root, "budgets", "--ledger", redis_url)
    assert "run:r1" in shown.output


def test_cache_address_where_nothing_answers_is_an_error() -> None:
    """For calls it is a miss; for a person it is an error, without the password."""
    shown = command("cache", "stats", "--cache", "redis://me:hunter2@127.0.0.1:1/0")
    assert shown.status == 1
    assert "No Redis answers at redis://127.0.0.1:1/0" in shown.messages
    assert "hunter2" not in shown.messages
    assert command("cache", "stats", "--cache", "http://x").status == 2


def test_budgets_shows_every_budget_as_it_stands(root: Path, tmp_path: Path) -> None:
    """Today and named personas first, then what was used last: spent, reserved, remaining, state."""
    spend(SqliteLedger(tmp_path / "state" / "llm-ledger.sqlite3"))
    found = command("--config-root", root, "budgets", "--state-dir", tmp_path / "state", "--output", "json").json
    rows = {row["budget"]: row for row in found["budgets"]}
    today = f"day:{day_of(time.time())}"
    assert list(rows)[:2] == [today, "persona:ada"]
    assert {key: row["state"] for key, row in rows.items()} == {
        today: "warned", "persona:ada": "ok", "run:r1": "warned", "run:r2": "ok", "node:r1/draft": "ok",
        "gone:x": "no limit",
    }  # fmt: skip
    assert rows[today]["reserved"] == 0.25
    assert rows["run:r2"]["remaining"] == pytest.approx(5 - 1 - 0.25)
    assert rows["gone:x"]["lapsed"] == 0.5
    assert rows["gone:x"]["halt"] is None


def test_budgets_of_a_lower_halt_are_halted_at_once(root: Path, tmp_path: Path) -> None:
    """The state is that of the budgets as they are now; the text says so, and what was assumed."""
    spend(SqliteLedger(tmp_path / "state" / "llm-ledger.sqlite3"))
    (root / "prompts" / "budgets.yaml").write_text("budgets:\n  run: {warn: 1, halt: 2}\n")
    shown = command("--config-root", root, "budgets", "--state-dir", tmp_path / "state")
    assert any(line.startswith("run:r1") and line.endswith("halted") for line in shown.output.splitlines())
    assert "$4.999999" in shown.output
    assert "gone:x: $0.500000 is the worst case" in shown.output


def test_budgets_below_a_cent_are_shown_whole(root: Path, tmp_path: Path) -> None:
    """A halt of $0.0018 is not $0.00."""
    spend(SqliteLedger(tmp_path / "state" / "llm-ledger.sqlite3"))
    (root / "prompts" / "budgets.yaml").write_text("budgets:\n  run: {warn: 0.0001, halt: 0.0018}\n")
    shown = command("--config-root", root, "budgets", "--run", "r1", "--state-dir", tmp_path / "state")
    assert shown.output.splitlines()[1].split()[-3:] == ["$0.0001", "$0.0018", "halted"]


def test_budgets_of_one_run_shows_its_nodes(root: Path, tmp_path: Path) -> None:
    """A run and its nodes, nothing else."""
    spend(SqliteLedger(tmp_path / "state" / "llm-ledger.sqlite3"))
    arguments = ("--config-root", root, "budgets", "--state-dir", tmp_path / "state", "--run", "r1", "--output", "json")
    assert [row["budget"] for row in command(*arguments).json["budgets"]] == ["run:r1", "node:r1/draft"]


def test_budgets_before_the_first_call_shows_zeros(root: Path, tmp_path: Path) -> None:
    """No file is made by looking."""
    shown = command("--config-root", root, "budgets", "--state-dir", tmp_path / "none")
    assert shown.status == 0
    assert "persona:ada" in shown.output
    assert not (tmp_path / "none").exists()


def test_budgets_ledger_that_is_damaged_is_an_error(root: Path, tmp_path: Path) -> None:
    """What and where, and what to do."""
    (tmp_path / "llm-ledger.sqlite3").write_bytes(b"no database" * 500)
    shown = command("--config-root", root, "budgets", "--state-dir", tmp_path)
    assert shown.status == 1
    assert "llm-ledger.sqlite3" in shown.messages


@pytest.mark.parametrize("line", ["run: {halt: -1}", "run: {halt: .nan}", "run: {halt: 1e12}", "run: {warn: 6}"])
def test_check_refuses_budgets_that_make_no_sense(root: Path, line: str) -> None:
    """Negative, not a number, beyond a billion, warning after the halt: findings with their place."""
    (root / "prompts" / "budgets.yaml").write_text(f"budgets:\n  {line}\n")
    shown = command("--config-root", root, "check")
    assert shown.status == 1
    assert "prompts/budgets.yaml:2" in shown.output
