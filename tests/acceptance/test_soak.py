"""The soak of `make bench ARGS=soak`: real processes for a few seconds, and what its verdict is made of."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

from soak.figures import slope
from soak.programs import SHIPPED
from soak.run import Options, run, table, verdict_lines
from soak.story import LEADS, Published, base_files, edition, expected_scores, kind_of, spoiled
from soak.verdict import Answer, violations

TORN = (sys.executable, str(Path(__file__).parents[1] / "soak" / "torn_service.py"))


def test_soak_condemns_a_service_with_torn_swaps_and_passes_the_shipped_one() -> None:
    """Commits go live in both services; only the one that names a revision and scores by another is told of."""
    options = Options(seconds=1.0, quiet=0.2, every=0.4, connections=2, calls=0, programs=(SHIPPED, TORN))
    soak = run(options)
    found = soak.violations()
    assert {(each.kind, each.instance) for each in found} == {("mixed", "service 2")}, verdict_lines(found)
    assert soak.swaps()["service 1"] > 0
    assert any(line.startswith("scoring, a swap a second") for line in table(soak))


def told(number: int, kind: str = "edit") -> Published:
    scores = [{"score": float(number)}] * len(LEADS)
    return Published(number, kind, f"{number:040x}", number, scores, 0.0)  # type: ignore[arg-type]


def test_verdict_names_each_way_in_which_an_answer_can_be_wrong() -> None:
    """One good answer and its damages: each gives its own kind, the good one none."""
    published = [told(0), told(1), told(2, "bad")]
    good = Answer("s", 1.0, 1.1, 200, told(1).revision, told(1).revision, 0, {"score": 1.0})
    assert violations([good], published) == []
    damages = {
        "error": dataclasses.replace(good, status=500),
        "unknown revision": dataclasses.replace(good, revision="f" * 40),
        "bad revision served": dataclasses.replace(good, revision=told(2).revision),
        "mixed": dataclasses.replace(good, header=told(0).revision),
        "backwards": dataclasses.replace(
            good, asked=2.0, told=2.1, revision=told(0).revision, header=told(0).revision, scored={"score": 0.0}
        ),
    }
    for kind, damaged in damages.items():
        assert [each.kind for each in violations([good, damaged], published)] == [kind]
    other_score = dataclasses.replace(good, scored={"score": 0.0})
    other_prompt = dataclasses.replace(good, lead=None, said=0)
    assert [each.kind for each in violations([other_score, other_prompt], published)] == ["mixed", "mixed"]


def test_verdict_takes_an_older_revision_of_a_request_that_was_under_way() -> None:
    """A request is pinned to the revision at its start: only one that began after a newer answer must not be older."""
    newer = Answer("s", 1.0, 1.1, 200, told(1).revision, told(1).revision, 0, {"score": 1.0})
    older = Answer("s", 1.05, 1.2, 200, told(0).revision, told(0).revision, 0, {"score": 0.0})
    elsewhere = dataclasses.replace(older, instance="t", asked=5.0, told=5.1)
    assert violations([newer, older, elsewhere], [told(0), told(1)]) == []


def test_story_editions_score_differently_and_hold_every_kind() -> None:
    """A score tells its edition; a spoiled one has none; all four kinds come within a minute."""
    base = base_files("http://127.0.0.1:1")
    first, second = (expected_scores(edition(base, number)) for number in (1, 2))
    changed = [set(a["components"].items()) ^ set(b["components"].items()) for a, b in zip(first, second, strict=True)]
    assert sorted(len(each) for each in changed) == [2, 2, 4]  # one component of two leads, both of the third
    assert spoiled(edition(base, 1)) != edition(base, 1)
    assert {kind_of(number) for number in range(1, 61)} == {"edit", "rollback", "bad", "forced"}


def test_slope_of_a_line_is_its_rise_in_a_minute() -> None:
    """MB a minute, by least squares."""
    assert slope([(0.0, 100.0), (30.0, 101.0), (60.0, 102.0)]) == 2.0
    assert slope([(0.0, 1.0)]) == 0.0
