"""Runs a soak: load without swaps, then load with a revision a second, and the table of what it gave."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from soak.clients import Clients
from soak.figures import delays, first_told, near_swaps, percentiles, resident, slope
from soak.programs import SHIPPED, Program, Stage, stage
from soak.story import Published
from soak.verdict import Answer, Violation, violations
from standins.llm import openai_api
from standins.llm.server import Asked, Reply, model_server


@dataclass(frozen=True)
class Options:
    """`seconds` with a revision every `every` seconds, after `quiet` without any; at most `patience` more, until every
    service has told of a second revision. Each service has `connections` that score and `calls` that call the
    prompt, with a pause (seconds) after each answer."""

    seconds: float = 120.0
    quiet: float = 30.0
    every: float = 1.0
    connections: int = 4
    calls: int = 1
    pause: float = 0.02
    call_pause: float = 0.2
    patience: float = 60.0
    programs: tuple[Program, ...] = (SHIPPED, SHIPPED)


@dataclass
class Soak:
    """What a soak gave. `memory`: by process, (seconds since the start, MB) once a second."""

    options: Options
    began_swaps: float = 0.0
    offset: float = 0.0
    answers: list[Answer] = field(default_factory=list)
    published: list[Published] = field(default_factory=list)
    memory: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    loads: list[float] = field(default_factory=list)

    def violations(self) -> list[Violation]:
        """The answers' and, for a service that never took a revision in, its own."""
        found = violations(self.answers, self.published)
        swaps = self.swaps()
        found += [
            Violation("no swap", name, "it served one revision only") for name, count in swaps.items() if count == 0
        ]
        return found

    def swaps(self) -> dict[str, int]:
        """By service, the revisions that it told of after its first."""
        seen: dict[str, set[str]] = {}
        for answer in self.answers:
            if answer.status == 200:
                seen.setdefault(answer.instance, set()).add(answer.revision)
        return {name: len(revisions) - 1 for name, revisions in seen.items()}


def run(options: Options) -> Soak:
    """The whole soak in a folder of its own. Raises AssertionError when a program could not start or ended early."""
    with (
        tempfile.TemporaryDirectory(prefix="mergecells-soak-") as folder,
        model_server(_echo) as provider,
        stage(Path(folder), provider.url, options.programs) as made,
    ):
        soak = Soak(options, offset=time.time() - time.perf_counter())
        asyncio.run(_load(made, soak))
        made.telling.end()
        for each in made.instances:
            assert each.process.poll() is None, f"{each.name} ended: {each.log.read_text()[-2000:]}"
        soak.published = list(made.telling.published)
    return soak


async def _load(made: Stage, soak: Soak) -> None:
    options, stop = soak.options, asyncio.Event()
    tasks = []
    for each in made.instances:
        clients = Clients(each.name, each.port, soak.answers)
        tasks += [asyncio.create_task(clients.score(options.pause, stop)) for _ in range(options.connections)]
        tasks += [asyncio.create_task(clients.prompt(options.call_pause, stop)) for _ in range(options.calls)]
    watch = asyncio.create_task(_watch(made, soak))
    await asyncio.sleep(options.quiet)
    soak.began_swaps = time.perf_counter()
    made.telling.begin(options.every)
    await asyncio.sleep(options.seconds)
    deadline = time.perf_counter() + options.patience
    while time.perf_counter() < deadline and not all(soak.swaps().get(each.name) for each in made.instances):
        await asyncio.sleep(0.1)
    stop.set()
    await asyncio.gather(*tasks)
    watch.cancel()
    with suppress(asyncio.CancelledError):
        await watch


async def _watch(made: Stage, soak: Soak) -> None:
    processes = {each.name: each.process.pid for each in made.instances} | {"follower": made.follower.pid}
    started = time.perf_counter()
    while True:
        for name, process_id in processes.items():
            soak.memory.setdefault(name, []).append((time.perf_counter() - started, resident(process_id)))
        soak.loads.append(os.getloadavg()[0])
        await asyncio.sleep(1)


def _echo(asked: Asked) -> Reply:
    """The provider says what it was asked: the prompt names its edition."""
    return openai_api.answer(str(asked.body["messages"][-1]["content"]))


def table(soak: Soak) -> list[str]:
    """The lines that are printed."""
    options, answers = soak.options, soak.answers
    scores = [answer for answer in answers if answer.lead is not None]
    calls = [answer for answer in answers if answer.lead is None and answer.status == 200]
    before = [answer for answer in scores if answer.told < soak.began_swaps]
    during = [answer for answer in scores if answer.told >= soak.began_swaps]
    firsts = first_told(answers)
    kinds = {kind: sum(each.kind == kind for each in soak.published) for kind in ("edit", "rollback", "bad", "forced")}
    swaps = soak.swaps()
    late = delays(soak.published[1:], firsts, soak.offset)
    lines = [
        f"{len(options.programs)} services; {options.quiet:g} s without, {options.seconds:g} s with a revision "
        f"every {options.every:g} s; load of the machine {min(soak.loads):.1f} to {max(soak.loads):.1f}",
        "published: " + ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        + "; swaps: " + ", ".join(f"{count} at {name}" for name, count in swaps.items()),
        f"requests: {len(scores):,} scores, {len(calls):,} calls ({sum(a.cached for a in calls):,} from the cache)",
    ]  # fmt: skip
    if late:
        lines.append(
            f"merged → first answer with it: p50 {late[len(late) // 2]:.2f} s, "
            f"p99 {late[int(len(late) * 0.99)]:.2f} s, longest {late[-1]:.2f} s"
        )
    lines.append(f"{'milliseconds':34}{'requests':>9}{'p50':>8}{'p95':>8}{'p99':>8}{'longest':>9}")
    rows = {
        "scoring, no swaps": before,
        "scoring, a swap a second": during,
        "  of these, while swapping": near_swaps(during, firsts),
        "call, asked of the provider": [answer for answer in calls if not answer.cached],
        "call, from the cache": [answer for answer in calls if answer.cached],
    }
    for name, chosen in rows.items():
        p50, p95, p99, longest = percentiles(chosen)
        lines.append(f"{name:34}{len(chosen):>9,}{p50:>8.1f}{p95:>8.1f}{p99:>8.1f}{longest:>9.1f}")
    lines += _memory_lines(soak)
    return lines


def _memory_lines(soak: Soak) -> list[str]:
    lines = [f"{'memory, MB':34}{'start':>9}{'warm':>8}{'end':>8}{'MB/min after':>17}"]
    warm = soak.options.quiet + soak.options.seconds / 5
    for name, samples in soak.memory.items():
        later = [sample for sample in samples if sample[0] >= warm]
        start, middle, end = samples[0][1], (later or samples)[0][1], samples[-1][1]
        lines.append(f"{name:34}{start:>9.1f}{middle:>8.1f}{end:>8.1f}{slope(later):>17.2f}")
    return lines


def verdict_lines(found: Sequence[Violation]) -> list[str]:
    """How many of each kind, and the first few."""
    counts: dict[str, Any] = {}
    for each in found:
        counts[each.kind] = counts.get(each.kind, 0) + 1
    told = ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "none"
    return [f"errors, mixed, unknown, bad or older answers: {told}", *(f"  {each}" for each in found[:10])]
