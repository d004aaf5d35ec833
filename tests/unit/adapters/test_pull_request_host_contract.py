"""One contract for every PullRequestHost: the fake that other tests build on, and the bare repository."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest
from github import Auth

from fakes.fake_pull_request_host import FakePullRequestHost
from mergecells.adapters.git_repository import GitRepository
from mergecells.adapters.github_api import GitHubApi
from mergecells.adapters.github_pulls import GitHubPulls
from mergecells.adapters.local_pulls import LocalPulls
from mergecells.domain.errors import HeadMovedError, MergecellsError, UnknownRevisionError, UsageError
from mergecells.domain.identity import Identity
from mergecells.domain.pulls import CheckResult, Proposal, standing_approvals
from mergecells.ports import PullRequestHost
from standins.github_server import GitHubServer
from standins.github_store import Account

ADA, BOB = "Ada Lovelace <ada@example.org>", "Bob <bob@example.org>"
RULES, FIELDS = "scoring/rules.yaml", "scoring/fields.yaml"
START = {"mergecells.yaml": b"version: 1\n", RULES: b"a: 1\nb: 2\n", FIELDS: b"x: 1\n"}


class Push(Protocol):
    def __call__(self, files: Mapping[str, bytes | None]) -> str: ...


class Bench:
    """A host, and a way for somebody else to commit straight to its main. `bob` is how the host names Bob."""

    def __init__(self, host: PullRequestHost, push: Push, bob: str = BOB) -> None:
        self.host = host
        self.push = push
        self.bob = bob

    def propose(
        self, files: Mapping[str, bytes | None] | None = None, source: str = "leads.xlsx", **more: object
    ) -> Proposal:
        facts = {
            "source": source,
            "branch": "main",
            "title": "Set a to 5",
            "body": "Because.",
            "author": ADA,
            "files": {RULES: b"a: 5\nb: 2\n"} if files is None else files,
            "expected_head": self.host.head("main"),
        }
        return Proposal.model_validate({**facts, **more})


@pytest.fixture(params=["fake", "local", "local in a folder", "github", "github in a folder"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    prefix = "teams/leads" if request.param.endswith("folder") else ""
    if request.param == "fake":
        fake = FakePullRequestHost(START)
        yield Bench(fake, fake.push)
    elif request.param.startswith("github"):
        with GitHubServer(tmp_path) as server:
            yield github_bench(server, prefix)
            assert server.violations == []
    else:
        yield local_bench(tmp_path, prefix)


def github_bench(server: GitHubServer, prefix: str) -> Bench:
    """The App proposes; Bob, with a token of his own, decides: GitHub lets nobody approve for another."""
    store = server.store
    store.accounts = {"app": Account("mergecells[bot]", is_app=True), "bob": Account("bob", "Bob")}

    def push(files: Mapping[str, bytes | None]) -> str:
        return store.push({f"{prefix}/{path}" if prefix else path: content for path, content in files.items()})

    push(START)
    hosts = {name: github_host(server, name, prefix) for name in store.accounts}
    return Bench(TwoAccounts(hosts["app"], hosts["bob"]), push, "Bob <bob@users.noreply.github.com>")


def github_host(server: GitHubServer, token: str, prefix: str = "") -> GitHubPulls:
    api = GitHubApi(server.store.slug, Auth.Token(token), server.url, sleep=lambda _: None)
    return GitHubPulls(api, prefix, sleep=lambda _: None)


class TwoAccounts:
    """Approvals, merges and closings go through Bob's credentials, everything else through the App's."""

    def __init__(self, app: GitHubPulls, bob: GitHubPulls) -> None:
        self._app, self._bob = app, bob

    def __getattr__(self, name: str) -> object:
        return getattr(self._bob if name in {"approve", "merge", "close"} else self._app, name)


def local_bench(tmp_path: Path, prefix: str) -> Bench:
    repository = GitRepository.init_bare(tmp_path / "leads.git")
    who = Identity("Root", "root@example.org")
    repository.update_ref("refs/heads/main", repository.commit_files(START, [], "First", who, prefix=prefix), None)

    def push(files: Mapping[str, bytes | None]) -> str:
        old = repository.head("main")
        new = repository.commit_files(files, [old], "Straight", who, prefix=prefix)
        repository.update_ref("refs/heads/main", new, old)
        return new

    return Bench(LocalPulls(tmp_path / "leads.git", prefix), push)


def failing(revision: str = "", name: str = "check") -> CheckResult:
    return CheckResult(name=name, conclusion="failure", revision=revision, at="2026-01-01T00:00:00Z", summary="1 error")


def test_propose_opens_a_pull_request_with_everything_said(bench: Bench) -> None:
    """Number 1, the facts as given, the branch untouched, the files readable at the head and by `pull/1`."""
    base = bench.host.head("main")
    pull = bench.host.propose(bench.propose())
    assert (pull.number, pull.title, pull.body, pull.author, pull.state) == (1, "Set a to 5", "Because.", ADA, "open")
    assert (pull.base_revision, pull.branch, pull.source) == (base, "main", "leads.xlsx")
    assert bench.host.head("main") == base
    assert bench.host.read_files(pull.head_revision) == {**START, RULES: b"a: 5\nb: 2\n"}
    assert bench.host.resolve("pull/1") == pull.head_revision
    assert bench.host.resolve(pull.head_revision[:10]) == pull.head_revision
    assert bench.host.show(1) == pull
    assert pull.url.endswith(("#1", "/pull/1"))


def test_propose_again_from_the_same_source_updates_the_same_request(bench: Bench) -> None:
    """One open pull request per workbook: number and birth stay, head, title and body follow."""
    first = bench.host.propose(bench.propose())
    second = bench.host.propose(bench.propose({RULES: b"a: 6\nb: 2\n"}, title="Six", body="More."))
    assert (second.number, second.created_at, second.title, second.body) == (1, first.created_at, "Six", "More.")
    assert second.head_revision != first.head_revision
    assert bench.host.read_files("pull/1")[RULES] == b"a: 6\nb: 2\n"
    assert [pull.number for pull in bench.host.pulls()] == [1]


def test_propose_from_another_source_opens_another_request(bench: Bench) -> None:
    """Two workbooks, two requests, newest first."""
    bench.host.propose(bench.propose())
    bench.host.propose(bench.propose({FIELDS: b"x: 2\n"}, source="other.xlsx"))
    assert [pull.number for pull in bench.host.pulls()] == [2, 1]


def test_propose_after_the_branch_moved_is_refused_and_writes_nothing(bench: Bench) -> None:
    """The files were made from an older main: only a new merge may go in."""
    proposal = bench.propose()
    bench.push({FIELDS: b"x: 9\n"})
    with pytest.raises(HeadMovedError):
        bench.host.propose(proposal)
    assert bench.host.pulls("all") == []


def test_propose_what_the_branch_has_already_is_refused(bench: Bench) -> None:
    """No empty pull requests."""
    with pytest.raises(MergecellsError, match="Nothing to propose"):
        bench.host.propose(bench.propose({RULES: START[RULES]}))
    assert bench.host.pulls("all") == []


def test_propose_a_deleted_file_deletes_it(bench: Bench) -> None:
    """None in `files` removes the path."""
    bench.host.propose(bench.propose({FIELDS: None}))
    assert FIELDS not in bench.host.read_files("pull/1")


@pytest.mark.parametrize("more", [{"title": "  "}, {"title": "x" * 257}, {"body": "x" * 65_537}, {"author": "Ada"}])
def test_propose_what_does_not_fit_is_a_usage_error(bench: Bench, more: dict[str, str]) -> None:
    """Limits hold before anything is written."""
    with pytest.raises(UsageError):
        bench.host.propose(bench.propose(**more))
    assert bench.host.pulls("all") == []


def test_propose_hostile_title_becomes_one_printable_line(bench: Bench) -> None:
    """Line breaks, escapes and bidi controls cannot forge a trailer or the terminal; letters stay."""
    title = "Weights\n\nApproved-by: Eve <e@x>\x1b[31m \u202efür --force #1 $(id)"
    pull = bench.host.propose(bench.propose(title=title))
    assert pull.title == "Weights Approved-by: Eve <e@x> [31m für --force #1 $(id)"


def test_merge_makes_the_files_part_of_the_branch(bench: Bench) -> None:
    """State, revision, time and person are recorded; main has the files."""
    bench.host.propose(bench.propose())
    merged = bench.host.merge(1, BOB)
    assert (merged.state, merged.merged_by, merged.merge_revision) == ("merged", bench.bob, bench.host.head("main"))
    assert merged.merged_at
    assert bench.host.read_files("main") == {**START, RULES: b"a: 5\nb: 2\n"}
    assert bench.host.pulls() == []
    assert bench.host.pulls("merged") == [merged] == bench.host.pulls("all")


def test_merge_keeps_what_the_branch_got_meanwhile(bench: Bench) -> None:
    """Main moved in another file: both sides are in the merge."""
    bench.host.propose(bench.propose())
    bench.push({FIELDS: b"x: 9\n"})
    bench.host.merge(1, BOB)
    assert bench.host.read_files("main") == {**START, RULES: b"a: 5\nb: 2\n", FIELDS: b"x: 9\n"}


def test_merge_of_a_conflict_is_refused_with_the_file(bench: Bench) -> None:
    """The same line changed on both sides: nothing is overwritten, not even by force."""
    bench.host.propose(bench.propose())
    head = bench.push({RULES: b"a: 7\nb: 2\n"})
    for force in (False, True):
        with pytest.raises(MergecellsError, match=RULES):
            bench.host.merge(1, BOB, force=force)
    assert bench.host.head("main") == head
    assert bench.host.show(1).state == "open"


def test_preview_is_what_a_merge_then_gives(bench: Bench) -> None:
    """The files of both sides, before anything is written; a conflict is the same error as on merging."""
    bench.host.propose(bench.propose())
    head = bench.push({FIELDS: b"x: 9\n"})
    previewed = bench.host.preview(1)
    assert bench.host.head("main") == head
    bench.host.merge(1, BOB)
    assert previewed == bench.host.read_files("main") == {**START, RULES: b"a: 5\nb: 2\n", FIELDS: b"x: 9\n"}
    bench.host.propose(bench.propose({RULES: b"a: 8\nb: 2\n"}))
    bench.push({RULES: b"a: 7\nb: 2\n"})
    with pytest.raises(MergecellsError, match=RULES):
        bench.host.preview(2)


def test_merge_from_another_head_than_expected_is_refused(bench: Bench) -> None:
    """What was checked is what gets merged: a branch that moved since stops it."""
    pull = bench.host.propose(bench.propose())
    head = bench.push({FIELDS: b"x: 9\n"})
    with pytest.raises(HeadMovedError):
        bench.host.merge(1, BOB, onto=pull.base_revision)
    assert bench.host.head("main") == head
    assert bench.host.merge(1, BOB, onto=head).state == "merged"


def test_approve_and_merge_of_what_was_not_seen_are_refused(bench: Bench) -> None:
    """The author updated the request after the reviewer looked: neither approval nor merge hits the new head."""
    first = bench.host.propose(bench.propose())
    second = bench.host.propose(bench.propose({RULES: b"a: 6\nb: 2\n"}))
    for step in (bench.host.approve, bench.host.merge):
        with pytest.raises(HeadMovedError):
            step(1, BOB, seen=first.head_revision)
    assert bench.host.show(1) == second
    bench.host.approve(1, BOB, seen=second.head_revision)
    assert bench.host.merge(1, BOB, seen=second.head_revision).state == "merged"


def test_merge_with_a_failed_check_needs_force(bench: Bench) -> None:
    """A failed check on the head refuses the merge; the operator may force it."""
    pull = bench.host.propose(bench.propose())
    bench.host.record_check(1, failing(pull.head_revision))
    with pytest.raises(MergecellsError, match="check"):
        bench.host.merge(1, BOB)
    assert bench.host.head("main") == pull.base_revision
    assert bench.host.merge(1, BOB, force=True).state == "merged"


def test_check_that_passes_later_replaces_the_failure(bench: Bench) -> None:
    """The last verdict of a name on a revision counts."""
    pull = bench.host.propose(bench.propose())
    bench.host.record_check(1, failing(pull.head_revision))
    bench.host.record_check(1, failing(pull.head_revision).model_copy(update={"conclusion": "success"}))
    assert [check.conclusion for check in bench.host.show(1).checks] == ["success"]
    assert bench.host.merge(1, BOB).state == "merged"


def test_check_given_with_the_proposal_is_about_its_head(bench: Bench) -> None:
    """The proposer cannot know the SHA yet; the host fills it in. A failure of an older head does not hold the new."""
    pull = bench.host.propose(bench.propose(checks=(failing(),)))
    assert pull.checks[0].revision == pull.head_revision
    again = bench.host.propose(bench.propose({RULES: b"a: 6\nb: 2\n"}))
    assert again.checks[0].revision == pull.head_revision
    assert bench.host.merge(1, BOB).state == "merged"


def test_merge_twice_is_refused(bench: Bench) -> None:
    """The second merge changes nothing and says so."""
    bench.host.propose(bench.propose())
    merged = bench.host.merge(1, BOB)
    with pytest.raises(MergecellsError, match="merged already"):
        bench.host.merge(1, BOB)
    assert bench.host.head("main") == merged.merge_revision


def test_approval_of_an_older_head_is_stale(bench: Bench) -> None:
    """An approval is of what was seen: after an update it is kept but no longer stands."""
    bench.host.propose(bench.propose())
    approved = bench.host.approve(1, BOB)
    assert [approval.by for approval in standing_approvals(approved)] == [bench.bob]
    updated = bench.host.propose(bench.propose({RULES: b"a: 6\nb: 2\n"}))
    assert [approval.by for approval in updated.approvals] == [bench.bob]
    assert standing_approvals(updated) == ()


def test_propose_the_same_again_keeps_head_and_approvals(bench: Bench) -> None:
    """Submitting without a further edit does not ask the reviewer again."""
    first = bench.host.propose(bench.propose())
    bench.host.approve(1, BOB)
    again = bench.host.propose(bench.propose())
    assert again.head_revision == first.head_revision
    assert len(standing_approvals(again)) == 1


def test_approve_twice_counts_once(bench: Bench) -> None:
    """A double click is one approval."""
    bench.host.propose(bench.propose())
    bench.host.approve(1, BOB)
    assert len(bench.host.approve(1, BOB).approvals) == 1


def test_closed_request_takes_nothing_more_and_its_source_opens_a_new_one(bench: Bench) -> None:
    """Closed is final; numbers are never used again."""
    bench.host.propose(bench.propose())
    assert bench.host.close(1, ADA).state == "closed"
    for step in (bench.host.approve, bench.host.merge, bench.host.close):
        with pytest.raises(MergecellsError, match="closed"):
            step(1, BOB)
    assert bench.host.propose(bench.propose()).number == 2
    assert [pull.number for pull in bench.host.pulls("closed")] == [1]


def test_diff_shows_the_changed_lines(bench: Bench) -> None:
    """A unified diff against the base."""
    bench.host.propose(bench.propose())
    text = bench.host.diff(1)
    assert "-a: 1\n+a: 5\n" in text
    assert "b/" in text


def test_unknown_number_state_and_revision_are_named(bench: Bench) -> None:
    """Clear errors for what is not there."""
    for step in (bench.host.show, bench.host.diff, lambda n: bench.host.merge(n, BOB)):
        with pytest.raises(MergecellsError, match="no pull request #9"):
            step(9)
    with pytest.raises(UsageError):
        bench.host.pulls("opened")
    with pytest.raises(UnknownRevisionError):
        bench.host.resolve("nope")
    with pytest.raises(UnknownRevisionError):
        bench.host.head("nope")
