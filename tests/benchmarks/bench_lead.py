"""One lead: the default rules against the same written by hand, and 35 formulas against other formula engines.

"Formulas only" takes values that have been read. "The whole call" takes the lead as JSON has it and gives a frozen
result with components, revision, date and issues, on both sides. All take turns, and the fastest round counts.
Engines: IronCalc and xlcalculator are in the lock file; pycel and formulas run with `--peers`, in an environment that
is built once from `requirements-peers.txt` (in `.venv-peers`).

Run: python tests/benchmarks/bench_lead.py [--peers]
"""

from __future__ import annotations

import datetime
import json
import re
import subprocess
import sys
import tempfile
import time
import venv
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench_formula import LEAD, LISTS, RULES, TODAY, ironcalc_lead
from lead_peers import formulas_by_hand, read_by_hand, score_by_hand

from mergecells.apps.cli.loading import load_snapshot
from mergecells.domain.scoring import Component, Factor, Rules, RuleSet, Tier
from mergecells.formula import Value, compile_program, parse, to_serial, to_value
from mergecells.formula.remembered import forget_all
from mergecells.serving.snapshot import Snapshot
from mergecells.transforms.score import compile_rule_set

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
PEERS = REPOSITORY / ".venv-peers"
DAY = datetime.date(2026, 3, 1)
SIZES = (1_000, 3_000, 10_000)


def in_turns(calls: Mapping[str, Callable[[], object]], rounds: int = 15, repeat: int = 400) -> dict[str, float]:
    """Microseconds of each call in its fastest round; the calls take turns, so that all meet the same machine."""
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            begun = time.process_time()
            for _ in range(repeat):
                call()
            best[name] = min(best[name], (time.process_time() - begun) / repeat * 1e6)
    return best


def default_rules(snapshot: Snapshot) -> None:
    """The whole call, and the formulas alone."""
    fields = snapshot.config.rules.fields
    assert fields
    lead = {name: field.sample for name, field in fields.fields.items()}
    lead |= {"last_funding_date": "2025-01-15", "renewal_date": "2026-05-01", "last_activity_date": "2026-02-20"}
    types = {name: field.type for name, field in fields.fields.items()}
    ours, theirs = snapshot.score(lead, DAY), score_by_hand(lead, types, snapshot.revision, DAY)
    assert ours.issues == theirs.issues == ()
    assert all(abs(ours.components[name] - part) < 1e-8 for name, part in theirs.components.items())
    program, serial = snapshot.scorer._base, float(to_serial(DAY))
    values, by_hand = program._values(lead, serial, []), read_by_hand(lead, types, [])
    formulas = [compute for _, compute in program.intermediates]
    formulas += [factor.compute for part in program.components for factor in part.factors if factor.compute]
    own = [part.compute for part in program.components if part.compute]
    with_factors = values | {factor.key: 0.5 for part in program.components if part.compute for factor in part.factors}

    def formulas_only() -> None:
        for compute in formulas:
            compute(values, serial)
        for compute in own:
            compute(with_factors, serial)

    times = in_turns(
        {
            "score": lambda: snapshot.score(lead),
            "score by hand": lambda: score_by_hand(lead, types, snapshot.revision),
            "formulas": formulas_only,
            "formulas by hand": lambda: formulas_by_hand(by_hand, serial),
        }
    )
    whole, alone = times["score"] / times["score by hand"], times["formulas"] / times["formulas by hand"]
    print(f"one lead, the default rules ({len(formulas) + len(own)} formulas, 37 factors, {len(lead)} fields):")
    for title, name, ratio in (("the whole call", "score", whole), ("formulas only ", "formulas", alone)):
        print(
            f"  {title} {times[name]:6.1f} µs, by hand {times[f'{name} by hand']:6.1f} µs: {ratio:.2f} x (target 2.5)"
        )


def engines(*, peers: bool) -> None:
    """35 formulas of one lead in each engine."""
    values: dict[str, Value] = {name: to_value(value) for name, value in (LEAD | LISTS).items()}
    plain = LEAD | {name: frozenset(items) for name, items in LISTS.items()}
    program = compile_program([(f"f{index}", parse(text)) for index, text in enumerate(RULES)])
    functions = list(RULES.values())
    times = in_turns(
        {
            "compiled": lambda: program.run(values, TODAY),
            "by hand": lambda: [function(plain) for function in functions],
            "IronCalc": ironcalc_lead(),
        },
        repeat=200,
    )
    ours = times["compiled"]
    print(f"one lead, {len(RULES)} typical formulas:")
    print(f"  by hand in Python {times['by hand']:10.1f} µs")
    print(f"  compiled          {ours:10.1f} µs: {ours / times['by hand']:.2f} x by hand (target 2.5)")
    _print_engine("IronCalc", times["IronCalc"], ours, 10, ": all cells of the lead set, evaluated, all results read")
    _print_engine("xlcalculator", xlcalculator_microseconds(), ours, 500)
    if not peers:
        print(
            "  pycel and formulas: left out; --peers (`make bench ARGS='lead --peers'`) builds an environment for them"
        )
        return
    expected = [program.run(values, TODAY)[f"f{index}"] for index in range(len(RULES))]
    for name, target in (("pycel", 60), ("formulas", 1_000)):
        found = outside()[name]
        if "failed" in found:
            print(f"  {name}: could not run: {found['failed']}")
            continue
        equal = sum(_same(one, other) for one, other in zip(found["values"], expected, strict=True))
        _print_engine(name, found["microseconds"], ours, target, f", {equal} of {len(RULES)} values as ours")


def _print_engine(name: str, theirs: float, ours: float, target: int, note: str = "") -> None:
    print(f"  {name:17s} {theirs:10,.0f} µs: {theirs / ours:,.0f} times as long (target {target:,}){note}")


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, bool | int | float) and isinstance(other, bool | int | float) and abs(one - other) < 1e-9


def cells() -> tuple[dict[str, Any], list[str]]:
    """The lead's values and the lists by address, and the formulas with addresses for names; a date in A99."""
    places = {name: f"A{row}" for row, name in enumerate(LEAD, 1)}
    held: dict[str, Any] = {places[name]: value for name, value in LEAD.items() if value is not None}
    held["A99"] = TODAY
    for column, (name, items) in zip("CD", LISTS.items(), strict=True):
        places[name] = f"{column}1:{column}{len(items)}"
        held |= {f"{column}{row}": item for row, item in enumerate(items, 1)}

    def placed(text: str) -> str:
        parts = re.split(r'("[^"]*")', text.replace("TODAY()", "A99"))
        return "".join(
            part if part.startswith('"') else re.sub(r"[a-z_]{4,}", lambda word: places.get(word[0], word[0]), part)
            for part in parts
        )

    return held, [placed(text) for text in RULES]


def xlcalculator_microseconds() -> float:
    """All formulas that it can run, each from a model of its own, scaled to all of them; parsing is not part of it."""
    from xlcalculator import Evaluator, ModelCompiler

    held, formulas = cells()
    filled = {f"S!{place}": value for place, value in held.items()}
    running = []
    for formula in formulas:
        try:
            model = ModelCompiler().read_and_parse_dict({**filled, "S!XFD1": formula}, default_sheet="S")
            evaluator = Evaluator(model)
            evaluator.evaluate("S!XFD1")
        except Exception:  # noqa: BLE001 - the engine raises anything at all
            continue
        running.append(evaluator)
    times = in_turns({"all": lambda: [evaluator.evaluate("S!XFD1") for evaluator in running]}, 5, 20)
    print(f"  (xlcalculator runs {len(running)} of the {len(formulas)}; its time is scaled to all)")
    return times["all"] / len(running) * len(formulas)


def outside() -> dict[str, Any]:
    """What `peer_engines.py` prints in the environment of its own."""
    import openpyxl

    python = PEERS / "bin" / "python"
    if not python.exists():
        print(f"  (building {PEERS.name})", flush=True)
        venv.create(PEERS, with_pip=True)
        wanted = ["-r", str(HERE / "requirements-peers.txt")]
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *wanted], check=True)
    held, formulas = cells()
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Sheet1"
    for address, value in held.items():
        sheet[address] = value
    for row, formula in enumerate(formulas, 1):
        sheet[f"B{row}"] = formula
    numbers = {place: value for place, value in held.items() if type(value) is float and place != "A99"}
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/lead.xlsx"
        book.save(path)
        done = subprocess.run(
            [str(python), str(HERE / "peer_engines.py"), path, str(len(formulas))],
            input=json.dumps(numbers), capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
    if done.returncode:
        failed = {"failed": done.stderr.strip().splitlines()[-1]}
        return {"pycel": failed, "formulas": failed}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def compiling(snapshot: Snapshot) -> None:
    """The default rules as a Snapshot compiles them, nothing remembered; and how that grows."""

    def seconds(compile_one: Callable[[], object], rounds: int) -> float:
        times = []
        for _ in range(rounds):
            forget_all()
            begun = time.process_time()
            compile_one()
            times.append(time.process_time() - begun)
        return min(times)

    base = seconds(lambda: compile_rule_set(snapshot.config.rules), 3)
    print(f"compiling the default rules with their verticals: {base * 1e3:.1f} ms (target 50)")
    for size in SIZES:
        rules = many_factors(size)
        spent = seconds(lambda rules=rules: compile_rule_set(rules), 1)  # type: ignore[misc]
        print(f"  {size:6,} factors with distinct formulas: {spent:6.2f} s, {spent / size * 1e6:.0f} µs each")


def many_factors(size: int) -> RuleSet:
    """Rules of that many factors, a hundred to a component, each with a formula of its own."""
    texts, components = list(RULES), {}
    for start in range(0, size, 100):
        factors = {}
        for index in range(start, start + 100):
            text = texts[index % len(texts)]
            for name in ("years", "visits", "score_a", "country", "employees"):
                text = text.replace(name, f"{name}_{index}")
            factors[f"factor_{index}"] = Factor(weight=0.01, formula=f"{text}*{index}.5")
        components[f"component_{start}"] = Component(weight=100 / size, factors=factors)
    return RuleSet(rules=Rules(version="1", tiers={"A": Tier(min=0)}, components=components))


def main() -> None:
    warnings.simplefilter("ignore")
    snapshot = load_snapshot(REPOSITORY)
    default_rules(snapshot)
    engines(peers="--peers" in sys.argv)
    compiling(snapshot)


if __name__ == "__main__":
    main()
