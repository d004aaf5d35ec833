"""What goes wrong between us and GitHub: said in words, repeated only where that is safe, never half done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from github import Auth

from mergecells.adapters.github_api import GitHubApi, UnansweredError
from mergecells.adapters.github_problems import GitHubRefusedError
from mergecells.adapters.github_propose import PullSettings
from mergecells.adapters.github_pulls import GitHubPulls
from mergecells.domain.errors import HeadMovedError, MergecellsError
from mergecells.domain.findings import Finding
from mergecells.domain.pulls import CheckResult, Proposal
from standins.github_server import Fault, GitHubServer
from standins.github_store import Account

RULES = "scoring/rules.yaml"
ADA = "Ada Lovelace <ada@example.org>"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitHubServer]:
    with GitHubServer(tmp_path) as running:
        running.store.accounts = {
            "app": Account("mergecells[bot]", is_app=True),
            "token": Account("ada", "Ada"),
            "reader": Account("eve", may_write=False),
        }
        running.store.push({"mergecells.yaml": b"version: 1\n", RULES: b"a: 1\n"})
        yield running
        assert running.violations == []


class Pauses(list[float]):
    """Instead of sleeping."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def host(server: GitHubServer, token: str = "app", pauses: Pauses | None = None, **settings: object) -> GitHubPulls:
    pauses = Pauses() if pauses is None else pauses
    api = GitHubApi(server.store.slug, Auth.Token(token), server.url, sleep=pauses)
    return GitHubPulls(api, "", PullSettings(**settings), sleep=pauses)  # type: ignore[arg-type]


def proposal(server: GitHubServer, content: bytes = b"a: 5\n", **more: object) -> Proposal:
    facts = {"source": "leads.xlsx", "branch": "main", "title": "Set a to 5", "body": "Because.", "author": ADA}
    head = server.store.sha("refs/heads/main")
    return Proposal.model_validate({**facts, "files": {RULES: content}, "expected_head": head, **more})


def test_reading_is_repeated_after_server_trouble_with_growing_pauses(server: GitHubServer) -> None:
    """500, a gateway's page of HTML, a cut connection: the fourth answer counts."""
    server.faults.extend([Fault(500), Fault(502, "<html>Bad gateway</html>"), Fault(0)])
    pauses = Pauses()
    assert host(server, pauses=pauses).head("main") == server.store.sha("refs/heads/main")
    assert len(pauses) == 3
    assert pauses[0] < pauses[1] < pauses[2]


def test_rate_limit_waits_as_long_as_it_says(server: GitHubServer) -> None:
    """429 and 403 with Retry-After were not carried out: repeated after just that time, writing ones too."""
    pauses = Pauses()
    server.faults.extend([Fault(429, "{}", {"Retry-After": "7"}), Fault(403, "{}", {"Retry-After": "3"})])
    pull = host(server, pauses=pauses).propose(proposal(server))
    assert pull.number == 1
    assert pauses == [7.0, 3.0]


def test_rate_limit_beyond_a_minute_is_said_with_its_time(server: GitHubServer) -> None:
    """Nobody waits an hour in silence."""
    server.faults.append(Fault(403, '{"message": "API rate limit exceeded"}', {"Retry-After": "1800"}))
    with pytest.raises(GitHubRefusedError, match=r"rate limit.*1800 seconds"):
        host(server).head("main")


def test_secondary_rate_limit_in_words_is_waited_out(server: GitHubServer) -> None:
    """Without a header GitHub asks for a minute."""
    pauses = Pauses()
    server.faults.append(Fault(403, '{"message": "You have exceeded a secondary rate limit."}'))
    host(server, pauses=pauses).head("main")
    assert pauses == [60.0]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "credentials"),
        (404, "App must be installed"),
        (403, "contents: write"),
        (409, "conflict"),
        (422, "refused"),
    ],
)
def test_refusal_says_what_to_do(server: GitHubServer, status: int, said: str) -> None:
    """In words, with GitHub's own; never repeated; the token in no message."""
    server.faults.append(Fault(status, '{"message": "As GitHub puts it", "errors": [{"message": "and more"}]}'))
    with pytest.raises(GitHubRefusedError) as caught:
        host(server).api.get("git/ref/heads/main")
    assert said in str(caught.value)
    assert "As GitHub puts it; and more" in str(caught.value)
    assert "app" not in str(caught.value).split()


@pytest.mark.parametrize("match", ["POST /repos/acme/leads/git/refs", "POST /repos/acme/leads/pulls"])
@pytest.mark.parametrize("applied", [True, False])
def test_lost_answer_to_a_write_is_looked_up_never_repeated_blindly(
    server: GitHubServer, match: str, applied: bool
) -> None:
    """The connection breaks after the branch, or the request, was made (or was not): one request at the most; where
    nothing was made, it is said."""
    server.faults.append(Fault(0, applied=applied, match=match))
    if applied:
        assert host(server).propose(proposal(server)).number == 1
    else:
        with pytest.raises((UnansweredError, MergecellsError)):
            host(server).propose(proposal(server))
    assert len(server.store.pulls) <= 1
    again = host(server).propose(proposal(server))
    assert (again.number, again.state) == (1, "open")
    assert host(server).read_files(again.head_revision)[RULES] == b"a: 5\n"


def test_lost_answer_to_a_merge_is_looked_up(server: GitHubServer) -> None:
    """Merged once, and known to be."""
    host(server).propose(proposal(server))
    server.faults.append(Fault(502, "", applied=True, match="PUT /repos/acme/leads/pulls/1/merge"))
    assert host(server, "token").merge(1, ADA).state == "merged"


def test_two_submitters_at_once_lose_no_edit(server: GitHubServer) -> None:
    """The second one read before the first wrote: it is told, and what the first proposed stands."""
    first, second = host(server), host(server)
    first.propose(proposal(server))
    # Between the second's look and its write, the first updates again.
    original = second.api.send

    def send(verb: str, rest: str, body: object, **more: object) -> object:
        if verb == "PATCH" and rest.startswith("git/refs/"):
            first.propose(proposal(server, b"a: 6\n"))
        return original(verb, rest, body, **more)  # type: ignore[arg-type]

    second.api.send = send  # type: ignore[method-assign]
    with pytest.raises(HeadMovedError):
        second.propose(proposal(server, b"a: 7\n"))
    assert first.read_files("pull/1")[RULES] == b"a: 6\n"


def test_branch_of_an_ended_request_is_never_written_again(server: GitHubServer) -> None:
    """The next request of the same source has a branch of its own."""
    host(server).propose(proposal(server))
    host(server, "token").merge(1, ADA)
    host(server).propose(proposal(server, b"a: 6\n"))
    branches = {pull.head_ref for pull in server.store.pulls.values()}
    assert len(branches) == 2
    assert all(branch.startswith("mergecells/leads-xlsx-") for branch in branches)


def test_many_findings_become_annotations_in_portions_of_fifty(server: GitHubServer) -> None:
    """Each on its file and line, none lost."""
    findings = tuple(
        Finding(code="rule.weight-sum", message=f"number {n}", file=RULES, line=n, column=2, cell=f"Factors!B{n}")
        for n in range(1, 121)
    )
    check = CheckResult(name="config check", conclusion="failure", revision="", at="2026-01-01T00:00:00Z",
                        summary="120 errors, 0 warnings", findings=findings)  # fmt: skip
    host(server).propose(proposal(server, checks=(check,)))
    (run,) = server.store.checks
    assert [note["start_line"] for note in run["annotations"]] == list(range(1, 121))
    assert run["annotations"][0]["message"].startswith("Factors!B1: number 1")


def test_token_without_check_runs_leaves_a_status(server: GitHubServer) -> None:
    """Only an App may make check runs; a fine-grained token's verdict is a commit status, and it counts."""
    check = CheckResult(name="config check", conclusion="failure", revision="", at="2026-01-01T00:00:00Z", summary="1")
    pull = host(server, "token").propose(proposal(server, checks=(check,)))
    assert [(each.name, each.conclusion) for each in pull.checks] == [("config check", "failure")]


def test_labels_reviewers_and_auto_merge_are_asked_for_once(server: GitHubServer) -> None:
    """On opening, not on each update."""
    wanted = {"labels": ("config",), "reviewers": ("bob", "acme/sales"), "auto_merge": True}
    host(server, **wanted).propose(proposal(server))
    host(server, **wanted).propose(proposal(server, b"a: 6\n"))
    pull = server.store.pulls[1]
    assert (pull.labels, pull.reviewers, pull.auto_merge) == (["config"], ["bob", "@sales"], True)


def test_commit_of_an_app_is_signed_and_names_the_person(server: GitHubServer) -> None:
    """No author is given, so that GitHub signs; trailers carry who submitted what from where."""
    pull = host(server).propose(proposal(server))
    message = server.store.git("show", "-s", "--format=%B", pull.head_revision).decode()
    assert f"Co-authored-by: {ADA}" in message
    assert "Mergecells-Source: leads.xlsx" in message
    assert server.store.git("log", "--format=%an", "main").decode().split() == ["GitHub"]


def test_protected_branch_says_what_is_missing(server: GitHubServer) -> None:
    """A review is asked for; force does not get around it."""
    server.store.protected.add("main")
    host(server).propose(proposal(server))
    with pytest.raises(MergecellsError, match=r"approving review.*protection"):
        host(server, "token").merge(1, ADA, force=True)


def test_token_that_may_only_read_is_told_which_permissions_are_missing(server: GitHubServer) -> None:
    """Nothing is half done."""
    with pytest.raises(GitHubRefusedError, match="contents: write"):
        host(server, "reader").propose(proposal(server))
    assert server.store.pulls == {}


def test_files_that_are_no_text_and_long_ones_arrive_byte_for_byte(server: GitHubServer) -> None:
    """GraphQL has no text for a binary file and cuts a long one; each blob is held to its name."""
    odd = {"scoring/a.yaml": b"\xff\x00\xfe", "scoring/b.yaml": b"x" * 600_000, "scoring/c.yaml": "ä\r\n".encode(),
           "scoring/d.yaml": b"\xef\xbb\xbfa: 1\n", "scoring/e.yaml": b""}  # fmt: skip
    server.store.push(dict(odd))
    files = host(server).read_files("main")
    assert {path: files[path] for path in odd} == odd


def test_reading_base_and_head_costs_few_requests(server: GitHubServer) -> None:
    """A listing for each commit, one query for all contents, nothing twice."""
    reader = host(server)
    head = reader.head("main")
    reader.read_files(head)
    reader.read_files(head)
    assert reader.api.requests == 3


def test_repository_that_is_not_there_is_named(server: GitHubServer) -> None:
    """A misspelt name and a missing permission look the same to GitHub, and the message says both."""
    api = GitHubApi("acme/typo", Auth.Token("app"), server.url, sleep=lambda _: None)
    with pytest.raises(MergecellsError, match="acme/typo"):
        GitHubPulls(api).head("main")
    with pytest.raises(MergecellsError, match="acme/typo"):
        GitHubPulls(api).pulls()
