"""`check`: the default rule set with each outside engine, then 1,000 and 10,000 factors, and the static findings alone.

Run: python tests/benchmarks/bench_check.py [--quick]
Seconds of processor time, those of the engines' processes included, stand beside the seconds that passed: the former
mean something on a machine that does other work. `--quick` leaves the 10,000 factors out.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from mergecells.adapters.engine_process import EngineProcesses
from mergecells.adapters.tree_files import read_config_files
from mergecells.apps.cli.engines_line import engines_line
from mergecells.authoring.check import CheckReport, check_files
from mergecells.transforms.formula_analysis import AnalysisMemo
from mergecells.transforms.formula_engines import ENGINES
from mergecells.transforms.formula_results import compute_results
from mergecells.transforms.formula_sites import collect_sites
from mergecells.transforms.locate import Locator, index_cells
from mergecells.transforms.range_witness import observe
from mergecells.transforms.rule_view import base_view
from mergecells.transforms.static_check import check_static
from mergecells.transforms.yaml_to_config import load_config

REPOSITORY = Path(__file__).resolve().parents[2]
FACTORS_EACH = 10
SHAPES = (
    "IF(years>={n},1,years/{n})",
    "MIN(1,MAX(0,(budget-{n})/{n}0))",
    'IF(OR(ISNUMBER(SEARCH(""w{n}"",title)),years>{n}),1,IF(LEN(title)>={n},0.5,0))',
    "LOOKUP(MAX(0,visits),{{0,{n},{n}0}},{{0.1,0.4,1}})",
    "IFERROR(ROUND(visits/budget,2)*0.{n},0)",
    'SWITCH(LOWER(title),""ceo"",1,""cto"",0.{n},0.2)',
    "IF(AND(consent,years<{n}),0.9,IF(visits>{n},0.6,0.1))",
)

Files = dict[str, bytes]


def made_files(factors: int) -> Files:
    """Rules with this many different formulas, ten in a component."""
    components = factors // FACTORS_EACH
    lines = ['version: "1"', "tiers:", "  A: {min: 50}", "  B: {min: 0}", "components:"]
    for number in range(components):
        lines += [f"  c{number}x:", f"    weight: {1 / components:.10f}", "    factors:"]
        for each in range(FACTORS_EACH):
            place = number * FACTORS_EACH + each
            formula = SHAPES[place % len(SHAPES)].format(n=place + 1).replace('""', '\\"')
            lines.append(f'      f{number}_{each}x: {{weight: 0.1, formula: "={formula}"}}')
    fields = (
        "fields:\n  years: {type: number, sample: 7}\n  budget: {type: number, sample: 900}\n"
        "  visits: {type: number, sample: 3}\n  title: {type: text, sample: CEO}\n"
        "  consent: {type: boolean, sample: true}\n"
    )
    return {"scoring/rules.yaml": "\n".join(lines).encode() + b"\n", "scoring/fields.yaml": fields.encode()}


def default_files(*engines: str) -> Files:
    """The rule set of this repository, with these outside engines only."""
    files = dict(read_config_files(REPOSITORY).files)
    switches = ", ".join(f"{name}: {'true' if name in engines else 'false'}" for name in ENGINES)
    files["mergecells.yaml"] = f'version: 1\nchecks: {{evaluation_date: "2026-09-01", {switches}}}\n'.encode()
    return files


def measured(call: Callable[[], object], rounds: int = 1) -> tuple[float, float]:
    """Least seconds of processor time, and the seconds that passed then."""
    best = (float("inf"), 0.0)
    for _ in range(rounds):
        started, before = time.perf_counter(), _processor()
        call()
        best = min(best, (_processor() - before, time.perf_counter() - started))
    return best


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def checked(files: Files) -> CheckReport:
    return check_files(files, recompute=EngineProcesses())


def static_only(files: Files) -> Callable[[], object]:
    """The static findings of the base rules, everything before them done ahead."""
    config = load_config(files).config
    assert config
    view = base_view(config, Locator({}, index_cells({}), {}))
    sites = collect_sites(view, config.rules.fields, config.rules.tables)
    results = compute_results(config, sites)
    return lambda: list(check_static(sites, config.rules.fields, results, observe(config), AnalysisMemo({})))


def report(label: str, call: Callable[[], object], rounds: int = 1) -> None:
    processor, passed = measured(call, rounds)
    print(f"  {label:42s} {processor:7.2f} s of processor time, {passed:7.2f} s passed", flush=True)


def main(*, quick: bool) -> None:
    print("default rule set, check in this process:")
    for engines in ((), *((engine,) for engine in ENGINES), ENGINES):
        files = default_files(*engines)
        report(f"with {', '.join(engines) or 'our own engines only'}", lambda files=files: checked(files), 3)  # type: ignore[misc]
    for factors in (1_000,) if quick else (1_000, 10_000):
        files = made_files(factors)
        print(f"{factors:,} factors:")
        report("static findings alone", static_only(files), 3)
        found: list[CheckReport] = []
        report("check with all engines", lambda files=files, found=found: found.append(checked(files)))  # type: ignore[misc]
        counts = found[0].counts
        print(f"  {counts}  {engines_line(found[0].engines, found[0].tried)}")


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
