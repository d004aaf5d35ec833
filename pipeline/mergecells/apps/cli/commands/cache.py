"""`mergecells cache`: what the cache of LLM answers holds and saved, and how to empty it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mergecells.apps.cli.console import CliContext, Output, print_json
from mergecells.apps.cli.examples import epilog

if TYPE_CHECKING:
    from mergecells.domain.llm import CacheStats
    from mergecells.ports import ResponseCache

UrlOption = Annotated[
    str,
    typer.Option(
        "--cache", metavar="URL", envvar="MERGECELLS_CACHE_URL", help="redis://… Default: a file of the state folder."
    ),
]
FolderOption = Annotated[
    Path | None,
    typer.Option("--state-dir", envvar="MERGECELLS_STATE_DIR", help="The state folder. Default: the user's."),
]
Form = Annotated[Output, typer.Option("--output", help="How to print the result.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="The cache of LLM answers: what it holds, and what it saved.")
    group.command("stats", epilog=epilog("cache stats"))(stats)
    group.command("clear", epilog=epilog("cache clear"))(clear)
    app.add_typer(group, name="cache")


def stats(url: UrlOption = "", state_dir: FolderOption = None, output: Form = Output.TEXT) -> None:
    """Answers kept, calls served or not, tokens and cost saved, over all processes since it was last emptied."""
    cache, place = _open(url, state_dir)
    found = cache.stats()
    cache.close()
    if output is Output.JSON:
        print_json({"cache": place, **dataclasses.asdict(found), "hit_rate": found.hit_rate})
        return
    print("\n".join(_lines(place, found)))


def clear(
    ctx: typer.Context,
    url: UrlOption = "",
    state_dir: FolderOption = None,
    apply: Annotated[bool, typer.Option("--apply", help="Do it; without it, only say how many there are.")] = False,
    output: Form = Output.TEXT,
) -> None:
    """Remove every answer, for all processes, and count from 0 again."""
    context: CliContext = ctx.obj
    cache, place = _open(url, state_dir)
    count = cache.clear() if apply else cache.stats().entries
    cache.close()
    if output is Output.JSON:
        print_json({"cache": place, "entries": count, "cleared": apply})
        return
    print(f"{count:,} answers removed from {place}." if apply else f"{count:,} answers in {place}.")
    if not apply:
        context.say("Nothing was removed; --apply does.")


def _open(url: str, state_dir: Path | None) -> tuple[ResponseCache, str]:
    """The cache, and what to call it. A file that is not there is not made by looking. Raises MergecellsError."""
    from mergecells.apps.cli.llm_state import open_cache_of

    return open_cache_of(url, state_dir)


def _lines(place: str, stats: CacheStats) -> list[str]:
    from mergecells.domain.llm import NANO
    from mergecells.transforms.plan_words import counted
    from mergecells.transforms.report_words import money

    asked = stats.hits + stats.misses
    rate = f"{stats.hit_rate:.1%} of {asked:,} calls" if asked else "no calls yet"
    misses = f"{stats.misses:,} {'miss' if stats.misses == 1 else 'misses'}"
    return [
        f"cache       {place}",
        f"answers     {stats.entries:,} ({stats.bytes / 1e6:,.1f} MB)",
        f"hit rate    {rate}: {counted(stats.hits, 'hit')}, {misses}",
        f"saved       {money(round(stats.saved_cost * NANO))}, {counted(stats.saved_tokens, 'token')}",
    ]
