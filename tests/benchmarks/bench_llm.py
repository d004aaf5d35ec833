"""LLM calls through `mergecells.open_llm` against a stand-in provider in its own process, beside the bare SDK.

Budgets of run, day and total are counted, every call is remembered, and the config is a real one. What is compared
takes turns, call by call, in five rounds; a figure is the median of the medians of the rounds, with the fastest tenth
of all calls beside it. LiteLLM runs with `--peers`, in an environment of its own (`.venv-llm-peer`). Redis is left out
where there is no redis-server.

The replay draws 20,000 calls over 2,000 inputs of one prompt by Zipf's law with s = 1.1, seed 11, and reports the hit
rate, once with an endless life of answers and once with answers that live for 2,000 calls (the clock is moved).

Run: python tests/benchmarks/bench_llm.py [--peers]
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
PEERS = REPOSITORY / ".venv-llm-peer"
ROUNDS = 300

PROMPT = """---
name: {name}
description: An opening line.
model: {{id: {model}, options: {{maxOutputTokens: 400}}}}
inputs:
  company: {{kind: string, sample: Acme}}
---
Write an opening line for {{{{ company }}}}, a firm in logistics. Be brief and friendly.
"""
ROUTING = """providers:
  ok: {{kind: openai-compatible, base_url: "{base}/ok/v1", failures_to_open: 1000}}
  slow: {{kind: openai-compatible, base_url: "{base}/slow/v1", failures_to_open: 1000}}
  busy: {{kind: openai-compatible, base_url: "{base}/busy/v1", failures_to_open: 1000}}
models:
  good: {{provider: ok, context_tokens: 100000, max_output_tokens: 4000}}
  slow: {{provider: slow, context_tokens: 100000, max_output_tokens: 4000}}
  bad: {{provider: busy, context_tokens: 100000, max_output_tokens: 4000}}
intents:
  failing:
    ladder:
      bad: {{timeout_s: 10, retries: 0}}
      good: {{timeout_s: 10, retries: 0}}
"""
PRICES = """prices:
  good: {input: 0.5, output: 1.5}
  slow: {input: 0.5, output: 1.5}
  bad: {input: 0.5, output: 1.5}
"""
BUDGETS = """budgets:
  run: {warn: 1000, halt: 5000}
  day: {warn: 1000, halt: 5000}
  total: {warn: 1000, halt: 5000}
"""
WHO = {"run_id": "bench", "node": "line", "persona": "ada"}


@contextmanager
def upstream() -> Iterator[str]:
    """The address of a running stand-in."""
    process = subprocess.Popen([sys.executable, str(HERE / "llm_upstream.py")], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()


def make_config(folder: Path, base: str) -> Path:
    """A config with the default rules and three prompts."""
    shutil.copytree(REPOSITORY / "scoring", folder / "scoring")
    shutil.copy(REPOSITORY / "mergecells.yaml", folder)
    prompts = folder / "prompts"
    prompts.mkdir()
    for name, model in (("line", "good"), ("waiting", "slow"), ("failing", "bad")):
        (prompts / f"{name}.md").write_text(PROMPT.format(name=name, model=model))
    (prompts / "routing.yaml").write_text(ROUTING.format(base=base))
    (prompts / "prices.yaml").write_text(PRICES)
    (prompts / "budgets.yaml").write_text(BUDGETS)
    return folder


BATCHES = 5


class Times(NamedTuple):
    """Milliseconds. Other programs on the machine make a median large; the tenth says more then."""

    p50: float
    p10: float

    @classmethod
    def of(cls, seconds: list[float]) -> Times:
        size = len(seconds) // BATCHES
        medians = [statistics.median(seconds[at * size : (at + 1) * size]) for at in range(BATCHES)]
        return cls(statistics.median(medians) * 1e3, sorted(seconds)[len(seconds) // 10] * 1e3)

    def above(self, other: Times) -> Times:
        return Times(self.p50 - other.p50, self.p10 - other.p10)


def in_turns(calls: Mapping[str, Callable[[int], object]], rounds: int = ROUNDS, warm: int = 30) -> dict[str, Times]:
    """The median of each call in milliseconds; they take turns, so that all meet the same machine."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + warm):
        for name, call in calls.items():
            begun = time.perf_counter()
            call(number)
            times[name].append(time.perf_counter() - begun)
    return {name: Times.of(each[warm:]) for name, each in times.items()}


async def async_turns(
    calls: Mapping[str, Callable[[int], Awaitable[object]]], rounds: int = ROUNDS, warm: int = 30
) -> dict[str, Times]:
    """As `in_turns`, inside one event loop."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + warm):
        for name, call in calls.items():
            begun = time.perf_counter()
            await call(number)
            times[name].append(time.perf_counter() - begun)
    return {name: Times.of(each[warm:]) for name, each in times.items()}


def worked(calls: Mapping[str, Callable[[int], object]]) -> dict[str, float]:
    """As `processor`, without a loop."""
    spent = dict.fromkeys(calls, 0.0)
    for _ in range(6):
        for name, call in calls.items():
            begun = time.process_time()
            for number in range(50):
                call(number)
            spent[name] += time.process_time() - begun
    return {name: seconds / 300 * 1e3 for name, seconds in spent.items()}


async def processor(calls: Mapping[str, Callable[[int], Awaitable[object]]]) -> dict[str, float]:
    """Milliseconds of processor for each call, all threads of this process together; in turns by fifty. Other programs
    on the machine lengthen it less than they lengthen a call."""
    spent = dict.fromkeys(calls, 0.0)
    for _ in range(6):
        for name, call in calls.items():
            begun = time.process_time()
            for number in range(50):
                await call(number)
            spent[name] += time.process_time() - begun
    return {name: seconds / 300 * 1e3 for name, seconds in spent.items()}


def count(base: str) -> int:
    """Completions since the last time."""
    with urllib.request.urlopen(f"{base}/count") as answer:
        return int(answer.read())


def overhead(root: Path, base: str, state: Path) -> None:
    """A call that asks the provider, above the SDK alone; the same with the cache asked, claimed and written."""
    from openai import AsyncOpenAI, OpenAI

    import mergecells

    text = "Write an opening line for Acme, a firm in logistics. Be brief and friendly."
    asked = {"model": "good", "messages": [{"role": "user", "content": text}], "max_tokens": 400}
    sdk = OpenAI(base_url=f"{base}/ok/v1", api_key="key", max_retries=0)
    with mergecells.open_llm(root, state_dir=state) as llm:
        result = llm.call("line", {"company": "Acme"}, cache=False, **WHO)
        assert result.cost_source == "precise"
        assert len(result.budgets) == 3
        pair = {
            "sdk": lambda _: sdk.chat.completions.create(**asked),
            "call": lambda _: llm.call("line", {"company": "Acme"}, cache=False, **WHO),
        }
        times = in_turns(
            {
                **pair,
                "miss": lambda n: llm.call("line", {"company": f"Acme {n}"}, **WHO),
                "failing": lambda _: llm.call("failing", {"company": "Acme"}, cache=False, **WHO),
            }
        )

        async def inside() -> tuple[dict[str, Times], dict[str, float]]:
            own = AsyncOpenAI(base_url=f"{base}/ok/v1", api_key="key", max_retries=0)
            calls = {
                "sdk": lambda _: own.chat.completions.create(**asked),
                "acall": lambda _: llm.acall("line", {"company": "Acme"}, cache=False, **WHO),
            }
            found = await async_turns(calls), await processor(calls)
            await own.close()
            return found

        done = worked(pair)
        awaited, work = asyncio.run(inside())
        print("one call above the provider's library in the same run, p50 (and the fastest tenth):")
        _print_times("the SDK alone", times["sdk"])
        _print_times("the SDK alone, awaited", awaited["sdk"])
        _print_times("call, without the cache", times["call"].above(times["sdk"]), 1.0, "+")
        _print_times("acall, without the cache", awaited["acall"].above(awaited["sdk"]), 1.0, "+")
        for title, one, other in (
            ("call", times["call"], times["sdk"]),
            ("acall", awaited["acall"], awaited["sdk"]),
        ):
            print(f"  {title} to its SDK: {one.p50 / other.p50:.2f} x p50, {one.p10 / other.p10:.2f} x fastest tenth")
        for title, one, other in (("call", done["call"], done["sdk"]), ("acall", work["acall"], work["sdk"])):
            print(f"  processor for {title} and its SDK {one:.2f} and {other:.2f} ms: {one / other:.2f} x")
        _print_times("call, a miss that is kept", times["miss"].above(times["sdk"]), None, "+")
        _print_times("failover after a 503", times["failing"].above(times["call"]), 20.0, "+")


def _print_times(title: str, times: Times, target: float | None = None, sign: str = "") -> None:
    told = f" (target {target:g} ms)" if target else ""
    print(f"  {title:29s} {times.p50:{sign}7.3f} ms ({times.p10:{sign}.3f}){told}")


def cached(root: Path, state: Path, title: str, url: str, target: float) -> None:
    """An answer that is kept already."""
    import mergecells

    with mergecells.open_llm(root, state_dir=state, cache_url=url) as llm:
        llm.call("line", {"company": "cached"}, **WHO)
        time.sleep(0.3)
        assert llm.call("line", {"company": "cached"}, **WHO).cached

        async def inside() -> dict[str, Times]:
            return await async_turns({"acall": lambda _: llm.acall("line", {"company": "cached"}, **WHO)})

        calls: dict[str, Callable[[int], object]] = {"call": lambda _: llm.call("line", {"company": "cached"}, **WHO)}
        if url:
            calls["bare"] = bare_redis(url)
        times = in_turns(calls)
        awaited = asyncio.run(inside())
        _print_times(f"cached answer, {title}, call", times["call"], target)
        _print_times(f"cached answer, {title}, acall", awaited["acall"], target)
        if url:
            _print_times("redis-py alone, the same GET", times["bare"])


def bare_redis(url: str) -> Callable[[int], object]:
    """One round trip by redis-py alone, for the value that a cached answer is read from."""
    from redis import Redis

    client = Redis.from_url(url, protocol=2)
    (key,) = [name for name in client.scan_iter("*") if b"claim:" not in name and b"number:" not in name]
    return lambda _: client.get(key)


def concurrent(root: Path, base: str, state: Path) -> None:
    """Fifty identical calls at once, of one client and of two processes' worth of clients."""
    import mergecells

    with mergecells.open_llm(root, state_dir=state) as one, mergecells.open_llm(root, state_dir=state) as other:
        for title, clients in (("one client", [one]), ("two clients, as two processes", [one, other])):
            count(base)
            with ThreadPoolExecutor(50) as threads:
                jobs = [
                    threads.submit(clients[n % len(clients)].call, "waiting", {"company": title}, **WHO)
                    for n in range(50)
                ]
                results = [job.result() for job in jobs]
            fresh = sum(not result.cached for result in results)
            print(f"  50 identical calls at once, {title}: {count(base)} asked upstream, {fresh} not cached (target 1)")


def imports(root: Path, state: Path) -> None:
    """Fresh interpreters, the fastest of five each, on the clock and by the processor. The last two open the same
    config, whose models and formulas take most of both."""
    opened = f"import mergecells; mergecells.open({str(root)!r}).close()"
    client = f"import mergecells; mergecells.open_llm({str(root)!r}, state_dir={str(state)!r}).close()"
    programs = {
        "bare Python": "pass",
        "import mergecells, open_llm taken": "import mergecells; mergecells.open_llm",
        "import openai": "import openai",
        "a config opened": opened,
        "a client opened on it": client,
    }
    best = {}
    for name, program in programs.items():
        times = []
        for _ in range(5):
            begun, used = time.perf_counter(), os.times()
            subprocess.run([sys.executable, "-c", program], check=True)
            after = os.times()
            work = after.children_user + after.children_system - used.children_user - used.children_system
            times.append((time.perf_counter() - begun, work))
        best[name] = min(each[0] for each in times), min(each[1] for each in times)
    bare = best.pop("bare Python")
    for name, (seconds, work) in best.items():
        told = f"  {name}: {seconds - bare[0]:.3f} s, processor {work - bare[1]:.2f} s"
        print(told + (" (target 0.3 s)" if "taken" in name else ""))


def replay() -> None:
    """The hit rate of a stated workload, through the cache as calls use it."""
    from mergecells.adapters.sqlite_cache import SqliteCache
    from mergecells.domain.llm import CachedAnswer
    from mergecells.prompting.answer_cache import AnswerCache
    from mergecells.prompting.silence import NoLlmMetrics

    inputs, calls, s, seed = 2_000, 20_000, 1.1, 11
    weights = [1 / rank**s for rank in range(1, inputs + 1)]
    drawn = random.Random(seed).choices(range(inputs), weights, k=calls)
    answer = CachedAnswer("x" * 400, "stop", "p", "m", 60, 60, 0, "provider", 0.00012, "r", 1.0)

    async def make() -> tuple[str, CachedAnswer | None]:
        return "made", answer

    async def run(life: float) -> None:
        clock = [1_800_000_000.0]
        with tempfile.TemporaryDirectory() as folder:
            cache = SqliteCache(Path(folder) / "cache.sqlite3", now=lambda: clock[0])
            chance = random.Random(seed).random
            shared = AnswerCache(cache, NoLlmMetrics(), ttl_s=life, chance=chance)
            for each in drawn:
                clock[0] += 1
                await shared.shared(f"{each:064d}", make)
                if shared._tasks:  # Written before the clock moves on, so that each run says the same.
                    await asyncio.wait(shared._tasks)
            await shared.close()
            stats = cache.stats()
            cache.close()
        lives = "without end" if life > calls else f"for {life:,.0f} calls"
        print(
            f"  answers live {lives}: hit rate {stats.hit_rate:.1%} ({stats.hits:,} of {calls:,}), "
            f"{stats.saved_tokens:,} tokens and ${stats.saved_cost:.2f} saved"
        )

    print(f"replay: {calls:,} calls over {inputs:,} inputs, Zipf s={s}, seed {seed}:")
    print(f"  the most that any cache can: {1 - len(set(drawn)) / calls:.1%}")
    for life in (1e9, 2_000.0):
        asyncio.run(run(life))


def peers(base: str) -> None:
    """LiteLLM in the environment of its own, against the same upstream."""
    python = PEERS / "bin" / "python"
    if not python.exists():
        print(f"  (building {PEERS.name})", flush=True)
        venv.create(PEERS, with_pip=True)
    if subprocess.run([str(python), "-c", "import litellm"], capture_output=True, check=False).returncode:
        wanted = ["-r", str(HERE / "requirements-llm-peer.txt")]
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *wanted], check=True)
        # Whatever PYTHONDONTWRITEBYTECODE says: its import is measured.
        subprocess.run(
            [str(python), "-m", "compileall", "-q", str(PEERS / "lib")], check=False, stdout=subprocess.DEVNULL
        )
    command = [str(python), str(HERE / "llm_peers.py"), base.rpartition(":")[2]]
    quiet = os.environ | {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900, env=quiet)
    if done.returncode:
        print(f"  LiteLLM: could not run: {done.stderr.strip().splitlines()[-1]}")
        return
    found = json.loads(done.stdout.splitlines()[-1])
    print(f"LiteLLM {found['version']}, in an environment of its own, the same upstream:")
    sdk = Times(found["sdk_ms"], found["sdk_p10"])
    call, failing = Times(found["call_ms"], found["call_p10"]), Times(found["failover_ms"], found["failover_p10"])
    _print_times("its SDK alone", sdk)
    _print_times("call, without a cache", call.above(sdk), None, "+")
    print(f"  call to its SDK: {call.p50 / sdk.p50:.2f} x p50, {call.p10 / sdk.p10:.2f} x fastest tenth")
    _print_times("failover after a 503", failing.above(call), None, "+")
    _print_times("cached answer, in memory", Times(found["cached_ms"], found["cached_p10"]))
    print(f"  50 identical calls at once: {found['upstream_of_50']} asked upstream; import {found['import_s']:.2f} s")


def main() -> None:
    for name in [name for name in os.environ if name.startswith("MERGECELLS_")]:
        del os.environ[name]
    sys.path.insert(0, str(HERE.parent))
    with tempfile.TemporaryDirectory() as folder, upstream() as base:
        root = make_config(Path(folder) / "config", base)
        os.environ["XDG_STATE_HOME"] = f"{folder}/xdg"
        overhead(root, base, Path(folder) / "one")
        print("the cache:")
        cached(root, Path(folder) / "two", "SQLite", "", 0.5)
        if shutil.which("redis-server"):
            from redis_server import RedisServer

            server = RedisServer()
            cached(root, Path(folder) / "three", "Redis", server.url, 1.0)
            server.stop()
        concurrent(root, base, Path(folder) / "four")
        print("importing the client, in a fresh interpreter, above bare Python:")
        imports(root, Path(folder) / "five")
        replay()
        if "--peers" in sys.argv:
            peers(base)
        else:
            print("LiteLLM: left out; --peers (`make bench ARGS='llm --peers'`) builds an environment for it")


if __name__ == "__main__":
    main()
