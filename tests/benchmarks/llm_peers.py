"""Run by `bench_llm.py --peers` in an environment of its own: LiteLLM against the same upstream, beside the SDK there.

Prints one JSON object. Run: python llm_peers.py PORT
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from importlib.metadata import version

MESSAGES = [{"role": "user", "content": "Write an opening line for Acme, a firm in logistics. Be brief and friendly."}]
ROUNDS = 80


def in_turns(calls: Mapping[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, float]:
    """The median of each in milliseconds, and as `…_p10` its fastest tenth; they take turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds + 10):
        for name, call in calls.items():
            begun = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - begun)
    kept = {name: sorted(each[10:]) for name, each in times.items()}
    medians = {f"{name}_ms": statistics.median(each) * 1e3 for name, each in kept.items()}
    return medians | {f"{name}_p10": each[len(each) // 10] * 1e3 for name, each in kept.items()}


def count(base: str) -> int:
    with urllib.request.urlopen(f"{base}/count") as answer:
        return int(answer.read())


def main() -> None:
    base = f"http://127.0.0.1:{sys.argv[1]}"
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import litellm"], check=True)
    imported = time.perf_counter() - begun
    import litellm
    from openai import OpenAI

    litellm.suppress_debug_info = True
    sdk = OpenAI(base_url=f"{base}/ok/v1", api_key="key", max_retries=0)
    place = {"api_base": f"{base}/ok/v1", "api_key": "key"}
    asked = {"model": "openai/bench", "messages": MESSAGES, "max_retries": 0, **place}
    found: dict[str, object] = {"version": version("litellm"), "import_s": imported}
    router = litellm.Router(
        model_list=[
            {"model_name": name, "litellm_params": {"model": "openai/bench", **place, "api_base": f"{base}/{path}/v1"}}
            for name, path in (("first", "busy"), ("second", "ok"))
        ],
        fallbacks=[{"first": ["second"]}], num_retries=0, allowed_fails=10**6, disable_cooldowns=True,
    )  # fmt: skip
    found |= in_turns(
        {
            "sdk": lambda: sdk.chat.completions.create(model="bench", messages=MESSAGES, max_tokens=400),
            "call": lambda: litellm.completion(**asked, max_tokens=400),
            "failover": lambda: router.completion(model="first", messages=MESSAGES, max_tokens=400),
        }
    )
    litellm.cache = litellm.Cache(type="local")
    litellm.completion(**asked, max_tokens=401, caching=True)
    found |= in_turns({"cached": lambda: litellm.completion(**asked, max_tokens=401, caching=True)})

    async def fifty() -> None:
        slow = asked | {"api_base": f"{base}/slow/v1"}
        await asyncio.gather(*(litellm.acompletion(**slow, max_tokens=402, caching=True) for _ in range(50)))

    count(base)
    asyncio.run(fifty())
    found["upstream_of_50"] = count(base)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
