"""Every runbook is carried out: what it is for is brought about, its commands are run as they stand in the page, in one
shell, what it promises is compared with what is shown, and in the end everything is well again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from postgres_stage import Postgres
from prometheus_stage import until
from runbook_pages import FOLDER, Block, blocks, pages
from runbook_stage import Demo, Shell, demo

pytestmark = [
    pytest.mark.needs("prometheus", "promtool", "postgres", "redis-server", "redis-cli", "psql", "curl", "openssl"),
    pytest.mark.timeout(1500),
]

Fault = Callable[[Demo], list[Callable[[], object]]]
"""Brings it about and waits until it shows; what stands for each block of production, in the order of the page."""

FAULTS: dict[str, Fault] = {}
PATIENCE = 60.0


def of(page: str) -> Callable[[Fault], Fault]:
    """The fault that a page is for."""

    def keep(fault: Fault) -> Fault:
        FAULTS[page] = fault
        return fault

    return keep


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[Demo]:
    with pytest.MonkeyPatch.context() as patch, demo(tmp_path_factory.mktemp("demo"), patch, postgres) as made:
        yield made


@pytest.mark.long
def test_every_runbook_is_carried_out(running: Demo) -> None:
    """The fault, then the page from top to bottom; both services run the head of the branch afterwards. All pages in
    one test: what they run on is started once."""
    failed = {page.name: told for page in pages() if (told := failure(running, page))}
    assert not failed, "\n\n".join(f"{page}: {told}" for page, told in failed.items())


def failure(made: Demo, page: Path) -> str:
    """What went wrong with a page; an empty text when nothing did."""
    try:
        _carry_out_page(made, page)
    except AssertionError as error:
        return str(error)
    finally:
        _well_again(made)
        until(made.live)
    return ""


def _carry_out_page(made: Demo, page: Path) -> None:
    instead = iter(FAULTS[page.stem](made))
    shell = Shell(made.hub.checkout.root, made.environ)
    try:
        for block in blocks(page):
            if block.production:
                next(instead, lambda: None)()
            else:
                carry_out(shell, block, page.name)
    finally:
        shell.close()
        for left in instead:
            left()
    until(made.live, f"for both services, after {page.name}")


def carry_out(shell: Shell, block: Block, page: str) -> None:
    """Fails with the place, what was shown and what was promised."""
    deadline = time.monotonic() + PATIENCE
    while not kept(block, *(last := shell.run(block.commands))):
        told = f"{page}:{block.line} promises {block}; exit status {last[1]}, shown:\n{last[0]}"
        assert block.again, told
        assert time.monotonic() < deadline, told
        time.sleep(0.3)


def kept(block: Block, shown: str, status: int) -> bool:
    if status != block.status:
        return False
    if block.shown is None:
        return True
    if not block.shown:
        return not shown
    found = [text in shown for text in block.shown]
    return any(found) if block.either else all(found)


def test_every_page_has_a_fault_and_says_how_much_is_carried_out() -> None:
    """The index counts commands as they are; a page without a fault would be carried out on a healthy system."""
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    for page in pages():
        counts = [sum(b.lines for b in blocks(page) if b.production is production) for production in (False, True)]
        assert f"[{page.stem}.md]({page.name}) | {counts[0]} | {counts[1]} |" in index, (page.name, counts)
    assert FAULTS.keys() == {page.stem for page in pages()}


@of("service-down")
def _service_down(made: Demo) -> list[Callable[[], object]]:
    made.programs["service"].stop()
    until(lambda: made.fires("MergecellsServiceDown"))
    return []


@of("reload-failing")
def _reload_failing(made: Demo) -> list[Callable[[], object]]:
    """Somebody edits a published tree and lets `current` lead there."""
    live = made.folder / "live"
    made.programs["follower"].stop()
    good = (live / "current").resolve()
    forged = good.with_name("f" * 40)
    forged.mkdir()
    for file in (path for path in good.rglob("*") if path.is_file() and ".mergecells" not in path.parts):
        place = forged / file.relative_to(good)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.read_bytes().replace(b"min: 60", b"min: 95"))
    (live / "next").symlink_to(Path("revisions") / forged.name)
    (live / "next").replace(live / "current")
    until(lambda: made.fires("MergecellsReloadFailing", instance=made.programs["service"].url.removeprefix("http://")))
    return []


@of("revision-not-live")
def _revision_not_live(made: Demo) -> list[Callable[[], object]]:
    made.programs["follower"].stop()
    _next_revision(made)
    until(lambda: made.fires("MergecellsRevisionNotLive"))
    return []


@of("revisions-differ")
def _revisions_differ(made: Demo) -> list[Callable[[], object]]:
    """A service is started over a copy of the folder that nobody follows."""
    program, old = made.programs["service-2"], made.folder / "copy"
    old.mkdir()
    _copy(made.folder / "live" / "current", old)
    right, program.arguments = program.arguments, [*program.arguments[:2], str(old), *program.arguments[3:]]
    program.stop()
    program.start()
    program.arguments = right
    _next_revision(made)
    until(lambda: made.fires("MergecellsRevisionsDiffer"))
    return []


@of("follower-stale")
def _follower_stale(made: Demo) -> list[Callable[[], object]]:
    repository = made.hub.github.store.folder
    away = repository.rename(repository.with_name("away"))
    until(lambda: made.fires("MergecellsFollowerStale"))
    return [partial(away.rename, repository)]


@of("check-failing-on-main")
def _check_failing(made: Demo) -> list[Callable[[], object]]:
    made.push("B: {min: 60", "B: {min: 95")
    until(lambda: made.fires("MergecellsCheckFailingOnMain"))
    return []


@of("sheet-drift")
def _sheet_drift(made: Demo) -> list[Callable[[], object]]:
    made.hub.edit("Tiers", (3, 2), 61)
    until(lambda: made.fires("MergecellsSheetDrift"))
    return []


@of("error-rate")
def _error_rate(made: Demo) -> list[Callable[[], object]]:
    """Both providers fail, so no model of a ladder answers."""
    made.provider.failing = made.second.failing = 503
    made.unique = True
    until(lambda: made.fires("MergecellsErrorRate"))
    return [partial(_mended, made)]


@of("latency")
def _latency(made: Demo) -> list[Callable[[], object]]:
    made.provider.delay = made.second.delay = 1.2
    made.unique = True
    until(lambda: made.fires("MergecellsLlmLatency"))
    return [partial(_mended, made)]


@of("provider-errors")
def _provider_errors(made: Demo) -> list[Callable[[], object]]:
    made.provider.failing = 503
    made.unique = True
    until(lambda: made.fires("MergecellsProviderErrors"))
    return []


@of("cache-hit-rate-low")
def _cache(made: Demo) -> list[Callable[[], object]]:
    made.unique = True
    until(lambda: made.fires("MergecellsCacheHitRateLow"))
    return [partial(_mended, made)]


@of("budget")
def _budget(made: Demo) -> list[Callable[[], object]]:
    made.push("day: {warn: 20.00, halt: 50.00}", "day: {warn: 0.000001, halt: 0.000002}", "prompts/budgets.yaml")
    until(made.live)
    made.unique = True
    until(lambda: made.fires("MergecellsBudgetHalt"))
    return []


@of("cost-anomaly")
def _cost_anomaly(made: Demo) -> list[Callable[[], object]]:
    """Titles go to a dearer model, which nothing caches."""
    _titles_with(made, "gpt-4.1-mini", "claude-sonnet-4-5")
    made.unique = True
    until(lambda: made.prometheus.query("sum(increase(mergecells_prompt_cost_usd_total[4s])) > 0"))
    return []


@of("quality-drop")
def _quality_drop(made: Demo) -> list[Callable[[], object]]:
    file = made.folder / "leads" / "prompts" / "title_generation.md"
    assert "promises only what the text gives" in file.read_text()
    made.push("promises only what the text gives", "says various things", "prompts/title_generation.md")
    until(made.live)
    return []


@of("telemetry-failing")
def _telemetry(made: Demo) -> list[Callable[[], object]]:
    made.traces.status = 400
    made.unique = True
    until(lambda: made.fires("MergecellsTelemetryFailing", backend="otlp"))
    return [partial(_mended, made)]


@of("tier-shift")
def _tier_shift(made: Demo) -> list[Callable[[], object]]:
    until(lambda: made.prometheus.query("mergecells:tier_share:1d_before"))
    _next_revision(made)
    until(made.live)
    return []


@of("rollback")
@of("bad-config-live")
def _wrong_rules(made: Demo) -> list[Callable[[], object]]:
    _next_revision(made)
    until(made.live)
    return []


@of("redis-lost")
def _redis_lost(made: Demo) -> list[Callable[[], object]]:
    made.redis.kill()
    return [made.redis.start]


@of("postgres-lost")
def _postgres_lost(made: Demo) -> list[Callable[[], object]]:
    made.postgres.stop()
    return [made.postgres.start]


@of("rotate-secrets")
def _rotate(made: Demo) -> list[Callable[[], object]]:
    """Other people's keys are made by hand: here the file gets another one."""
    return [partial((made.secrets / "openai_api_key").write_text, "sk-another"), lambda: None, lambda: None]


def _mended(made: Demo) -> None:
    """What is not ours works again, and callers ask what they asked before."""
    made.provider.failing = made.second.failing = 0
    made.provider.delay = made.second.delay = 0.0
    made.traces.status, made.unique = 200, False


def _well_again(made: Demo) -> None:
    """What one page brings about must neither help nor hurt the next."""
    _mended(made)
    made.restore()


def _next_revision(made: Demo) -> str:
    """Another threshold of a tier; valid, and never the same twice."""
    rules = made.branch.rules()
    now = float(rules.partition("C: {min: ")[2].partition(",")[0])
    return made.push(f"C: {{min: {now:g}", f"C: {{min: {now + 1:g}")


def _titles_with(made: Demo, old: str, new: str) -> None:
    made.push(f"  id: {old}", f"  id: {new}", "prompts/title_generation.md")
    until(made.live)


def _copy(source: Path, target: Path) -> None:
    for file in (path for path in source.resolve().rglob("*") if path.is_file()):
        place = target / file.relative_to(source.resolve())
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.read_bytes())
