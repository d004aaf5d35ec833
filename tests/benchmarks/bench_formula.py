"""The formula language: 35 typical formulas for one lead against hand-written Python, and the cost of loading many.

Run: python tests/benchmarks/bench_formula.py
"""

from __future__ import annotations

import datetime
import gc
import importlib.util
import math
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

from mergecells.formula import Value, compile_formula, compile_program, parse, to_serial, to_value
from mergecells.formula.reference import evaluate_at

TODAY = to_serial(datetime.date(2026, 11, 21))
DISTINCT = 10_000

# Each formula with the same rule as a person would write it in Python for typed, clean input.
RULES: dict[str, Callable[[Mapping[str, Any]], float | bool]] = {
    "=IF(years>=10,1,years/10)": lambda v: 1.0 if v["years"] >= 10 else v["years"] / 10,
    "=MIN(1,employees/500)": lambda v: min(1.0, v["employees"] / 500),
    '=IF(OR(country="US",country="UK"),1,0.4)': lambda v: 1.0 if v["country"].lower() in ("us", "uk") else 0.4,
    "=COUNTIF(free_mail,domain)=0": lambda v: v["domain"].lower() not in v["free_mail"],
    "=IF(ISBLANK(phone),0,1)": lambda v: 0.0 if v["phone"] is None else 1.0,
    '=MAX(0,1-DATEDIF(last_seen,TODAY(),"D")/90)': lambda v: max(0.0, 1 - (TODAY - v["last_seen"]) / 90),
    "=IFS(visits>=10,1,visits>=5,0.7,visits>=1,0.4,TRUE,0)": lambda v: (
        1.0 if v["visits"] >= 10 else 0.7 if v["visits"] >= 5 else 0.4 if v["visits"] >= 1 else 0.0
    ),
    '=IF(LEN(title)=0,0,IF(ISNUMBER(SEARCH("chief",title)),1,0.5))': lambda v: (
        0.0 if not v["title"] else 1.0 if "chief" in v["title"].lower() else 0.5
    ),
    '=SWITCH(source,"Google",0.8,"Direct",0.5,"Referral",1,0.2)': lambda v: {
        "google": 0.8,
        "direct": 0.5,
        "referral": 1.0,
    }.get(v["source"].lower(), 0.2),
    "=ROUND(MIN(1,revenue/1000000),2)": lambda v: round(min(1.0, v["revenue"] / 1000000), 2),
    "=LOOKUP(employees,{0,10,50,250},{0.1,0.4,0.7,1})": lambda v: (
        1.0 if v["employees"] >= 250 else 0.7 if v["employees"] >= 50 else 0.4 if v["employees"] >= 10 else 0.1
    ),
    "=IFERROR(opens/sent,0)": lambda v: v["opens"] / v["sent"] if v["sent"] else 0.0,
    "=AND(consent,NOT(unsubscribed))": lambda v: v["consent"] and not v["unsubscribed"],
    "=IF(score_a+score_b>1,1,score_a+score_b)": lambda v: (
        1.0 if v["score_a"] + v["score_b"] > 1 else v["score_a"] + v["score_b"]
    ),
    "=(score_a*2+score_b)/3": lambda v: (v["score_a"] * 2 + v["score_b"]) / 3,
    "=IF(AND(years>2,employees>50),1,0.5)": lambda v: 1.0 if v["years"] > 2 and v["employees"] > 50 else 0.5,
    '=IF(LOWER(plan)="pro",1,0.3)': lambda v: 1.0 if v["plan"].lower() == "pro" else 0.3,
    "=COUNTIF(good_industries,industry)>0": lambda v: v["industry"].lower() in v["good_industries"],
    "=MIN(1,LN(1+visits)/5)": lambda v: min(1.0, math.log(1 + v["visits"]) / 5),
    '=IF(budget="",0,1)': lambda v: 0.0 if not v["budget"] else 1.0,
    "=MEDIAN(0,1,time_spent/2000)": lambda v: sorted((0.0, 1.0, v["time_spent"] / 2000))[1],
    "=ABS(score_a-score_b)": lambda v: abs(v["score_a"] - v["score_b"]),
    "=SQRT(score_a*score_b)": lambda v: math.sqrt(v["score_a"] * v["score_b"]),
    '=IF(EXACT(country,"US"),1,0)': lambda v: 1.0 if v["country"] == "US" else 0.0,
    "=AVERAGE(score_a,score_b)": lambda v: (v["score_a"] + v["score_b"]) / 2,
    "=SUM(score_a,score_b)/2": lambda v: (v["score_a"] + v["score_b"]) / 2,
    "=IF(MOD(visits,2)=0,0.5,1)": lambda v: 0.5 if v["visits"] % 2 == 0 else 1.0,
    "=MAX(score_a,score_b)": lambda v: max(v["score_a"], v["score_b"]),
    "=1-score_b%": lambda v: 1 - v["score_b"] / 100,
    '=IF(LEFT(domain,4)="www.",0.2,1)': lambda v: 0.2 if v["domain"].startswith("www.") else 1.0,
    "=IF(INT(years/5)>1,1,0)": lambda v: 1.0 if math.floor(v["years"] / 5) > 1 else 0.0,
    "=IF(years<>0,1/years,0)": lambda v: 1 / v["years"] if v["years"] else 0.0,
    "=POWER(score_a,2)": lambda v: v["score_a"] ** 2,
    "=CHOOSE(rank,1,0.7,0.3)": lambda v: (1.0, 0.7, 0.3)[int(v["rank"]) - 1],
    "=EXP(-visits/10)": lambda v: math.exp(-v["visits"] / 10),
}

LEAD: dict[str, Any] = {
    "years": 12.0, "employees": 120.0, "country": "US", "domain": "acme.com", "phone": "123", "last_seen": 46300.0,
    "visits": 7.0, "title": "Chief Officer", "source": "google", "revenue": 2.5e5, "opens": 3.0, "sent": 10.0,
    "consent": True, "unsubscribed": False, "score_a": 0.4, "score_b": 0.3, "plan": "Pro", "industry": "Finance",
    "budget": None, "time_spent": 840.0, "rank": 2.0,
}  # fmt: skip
LISTS = {
    "free_mail": ["gmail.com", "yahoo.com", "hotmail.com"],
    "good_industries": ["software", "finance", "health"],
}


def microseconds(call: Callable[[], object], rounds: int = 9, repeat: int = 500) -> float:
    """Median over rounds of one call's time."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(repeat):
            call()
        times.append((time.perf_counter() - started) / repeat * 1e6)
    return statistics.median(times)


def one_lead() -> None:
    values: dict[str, Value] = {name: to_value(value) for name, value in (LEAD | LISTS).items()}
    plain = LEAD | {name: frozenset(items) for name, items in LISTS.items()}
    trees = [parse(text) for text in RULES]
    program = compile_program([(f"factor_{index}", tree) for index, tree in enumerate(trees)])
    functions = list(RULES.values())
    results = program.run(values, TODAY)
    for index, (text, function) in enumerate(RULES.items()):
        assert abs(float(results[f"factor_{index}"]) - float(function(plain))) < 1e-12, text  # type: ignore[arg-type]
    by_hand = microseconds(lambda: [function(plain) for function in functions])
    compiled = microseconds(lambda: program.run(values, TODAY))
    reference = microseconds(lambda: [evaluate_at(tree, values, TODAY) for tree in trees], repeat=20)
    print(f"one lead, {len(RULES)} formulas:  by hand in Python {by_hand:.1f} µs")
    print(f"  compiled {compiled:.1f} µs ({compiled / by_hand:.1f} x by hand), interpreted {reference:.0f} µs")
    if importlib.util.find_spec("ironcalc"):
        engine = microseconds(ironcalc_lead(), repeat=50)
        print(f"  ironcalc {engine:.0f} µs ({engine / compiled:.0f} x compiled)")


def ironcalc_lead() -> Callable[[], list[object]]:
    """The same formulas in IronCalc: set the lead's cells, evaluate, read the results."""
    import ironcalc

    model = ironcalc.create("bench", "en", "UTC")
    for row, (name, value) in enumerate(LEAD.items(), 1):
        model.set_user_input(0, row, 1, "" if value is None else str(value))
        model.new_defined_name(name, None, f"Sheet1!$A${row}")
    for column, (name, items) in enumerate(LISTS.items(), 3):
        for row, item in enumerate(items, 1):
            model.set_user_input(0, row, column, item)
        letter = "ABCD"[column - 1]
        model.new_defined_name(name, None, f"Sheet1!${letter}$1:${letter}${len(items)}")
    for row, text in enumerate(RULES, 1):
        model.set_user_input(0, row, 2, text)
    # As a service would: every cell of the lead by the setter of its type, and every result read as a value.
    setters: dict[type, Callable[..., None]] = {
        float: model.update_cell_with_number,
        str: model.update_cell_with_text,
        bool: model.update_cell_with_bool,
    }
    cells = [(row, value, setters.get(type(value))) for row, value in enumerate(LEAD.values(), 1)]

    def score() -> list[object]:
        for row, value, update in cells:
            if update is None:
                model.clear_cell_contents(0, row, 1)
            else:
                update(0, row, 1, value)
        model.evaluate()
        return [model.get_cell_value(0, row, 2) for row in range(1, len(RULES) + 1)]

    return score


def loading() -> None:
    texts = []
    for index in range(DISTINCT):
        text = list(RULES)[index % len(RULES)]
        for name in ("years", "visits", "score_a", "country", "employees"):
            text = text.replace(name, f"{name}_{index}")
        texts.append(f"{text}*{index}.5")
    gc.collect()
    started = time.perf_counter()
    trees = [parse(text) for text in texts]
    parsed = time.perf_counter()
    for tree in trees:
        compile_formula(tree)
    compiled = time.perf_counter()
    for tree in trees:
        compile_formula(tree)
    again = time.perf_counter()
    print(f"{DISTINCT} distinct formulas: parsed {parsed - started:.2f} s, compiled {compiled - parsed:.2f} s")
    each, unchanged = (compiled - started) / DISTINCT * 1e6, (again - compiled) * 1e3
    print(f"  {each:.0f} µs each; unchanged ones {unchanged:.1f} ms in all")


if __name__ == "__main__":
    one_lead()
    loading()
