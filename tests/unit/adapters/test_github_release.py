"""What GitHub is told about a revision on its way to the services, and the one comment on a request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from github import Auth

from mergecells.adapters import github_propose
from mergecells.adapters.github_api import GitHubApi
from mergecells.adapters.github_issue import close_issue, tell_issue
from mergecells.adapters.github_pulls import GitHubPulls
from mergecells.adapters.github_release import GitHubRelease, comment_once
from mergecells.domain.errors import MergecellsError
from mergecells.domain.pulls import Proposal
from standins.github_server import Fault, GitHubServer
from standins.github_store import Account


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitHubServer]:
    with GitHubServer(tmp_path) as running:
        running.store.accounts = {"app": Account("mergecells[bot]", is_app=True), "bob": Account("bob", "Bob")}
        running.store.push({"mergecells.yaml": b"version: 1\n"})
        yield running
        assert running.violations == []


def api(server: GitHubServer, token: str = "app") -> GitHubApi:
    return GitHubApi(server.store.slug, Auth.Token(token), server.url, sleep=lambda _: None)


def test_release_makes_one_deployment_and_says_how_far_it_is(server: GitHubServer) -> None:
    """Waiting, then live: two statuses of one Deployment, and a commit status that says the same."""
    head = server.store.sha("main") or ""
    told = GitHubRelease(api(server), head, "production")
    told.tell("waiting", "waiting for 3 services")
    told.tell("live", "live on 3 of 3 services since 14:02 UTC")
    GitHubRelease(api(server), head, "production").tell("live", "live on 3 of 3 services since 14:03 UTC")
    assert [(made["sha"], made["environment"]) for made in server.store.deployments] == [(head, "production")]
    assert [status["state"] for status in server.store.deployment_statuses] == ["in_progress", "success", "success"]
    assert [status["state"] for status in server.store.statuses] == ["pending", "success", "success"]
    assert server.store.statuses[-1]["description"] == "live on 3 of 3 services since 14:03 UTC"


def test_release_that_fails_is_a_failure_in_both_places(server: GitHubServer) -> None:
    """An operator sees it on the commit and on the environment."""
    GitHubRelease(api(server), server.store.sha("main") or "", "production").tell("failed", "live on 1 of 3 services")
    assert server.store.deployment_statuses[-1]["state"] == server.store.statuses[-1]["state"] == "failure"


def test_comment_is_replaced_by_its_author_only(server: GitHubServer) -> None:
    """The second text takes the place of the first; a person's comment with the same marker stays as it is."""
    facts = {"source": "w", "branch": "main", "title": "T", "body": "", "author": "Ada <ada@example.org>"}
    files = {"mergecells.yaml": b"version: 1 # x\n"}
    proposal = Proposal.model_validate({**facts, "files": files, "expected_head": server.store.sha("main")})
    GitHubPulls(api(server), sleep=lambda _: None).propose(proposal)
    comment_once(api(server, "bob"), 1, "impact", "by Bob")
    comment_once(api(server), 1, "impact", "first")
    comment_once(api(server), 1, "plan", "another")
    comment_once(api(server), 1, "impact", "second")
    assert [comment["body"].partition("\n")[2] for comment in server.store.comments] == ["by Bob", "second", "another"]


def test_comment_that_does_not_fit_or_has_no_request_is_refused(server: GitHubServer) -> None:
    """In words, before anything is written."""
    with pytest.raises(MergecellsError, match="65,5"):
        comment_once(api(server), 1, "impact", "x" * 65_600)
    with pytest.raises(MergecellsError):
        comment_once(api(server), 9, "impact", "x")
    assert server.store.comments == []


def test_issue_is_opened_once_updated_in_place_and_closed(server: GitHubServer) -> None:
    """The same text twice is one issue and no write; a person's new title stays; a later text after closing is new."""
    first = tell_issue(api(server), "drift", "Drift", "a")
    server.store.issues[0]["title"] = "Renamed by Bob"
    writes = len([each for each in server.requests if not each.startswith("GET")])
    assert tell_issue(api(server), "drift", "Drift", "a") == first
    assert len([each for each in server.requests if not each.startswith("GET")]) == writes
    tell_issue(api(server), "drift", "Drift", "b")
    (issue,) = server.store.issues
    assert (issue["title"], issue["body"].endswith("\nb")) == ("Renamed by Bob", True)
    assert close_issue(api(server), "drift") == first
    assert close_issue(api(server), "drift") is None
    tell_issue(api(server), "drift", "Drift", "c")
    assert [issue["state"] for issue in server.store.issues] == ["closed", "open"]


def test_issue_beyond_githubs_limit_is_cut_and_says_so(server: GitHubServer) -> None:
    """65,536 characters; the end tells that there was more."""
    tell_issue(api(server), "drift", "Drift", "x" * 70_000)
    assert len(server.store.issues[0]["body"]) == 65_536
    assert server.store.issues[0]["body"].endswith("more than fits here.")


def test_issue_whose_answer_was_lost_is_not_opened_twice(server: GitHubServer) -> None:
    """GitHub carried it out and the connection broke: it is found instead."""
    server.faults.append(Fault(0, applied=True, match="POST /repos/acme/leads/issues"))
    tell_issue(api(server), "drift", "Drift", "a")
    assert len(server.store.issues) == 1


def test_request_with_more_than_its_text_holds_goes_on_in_comments(server: GitHubServer) -> None:
    """Two comments; a later, shorter plan replaces one and empties the other; a person's comments stay."""
    host = GitHubPulls(api(server), sleep=lambda _: None)
    facts = {"source": "w", "branch": "main", "title": "T", "body": "b", "author": "Ada <ada@example.org>"}

    def propose(text: str, *more: str) -> None:
        files = {"mergecells.yaml": f"version: 1 # {text}\n".encode()}
        whole = {**facts, "files": files, "more": more, "expected_head": server.store.sha("main")}
        host.propose(Proposal.model_validate(whole))

    propose("x", "second", "third")
    comment_once(api(server, "bob"), 1, "plan-part-2", "by Bob")
    assert [each["body"].split("\n")[-1] for each in server.store.comments] == ["second", "third", "by Bob"]
    propose("y", "other")
    bodies = [each["body"].split("\n")[-1] for each in server.store.comments]
    assert bodies[0] == "other"
    assert bodies[1].startswith("Nothing more")
    assert bodies[2] == "by Bob"


def test_two_programs_that_release_at_once_share_one_deployment(
    server: GitHubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both found none and made one each: the first counts for both, the other is put aside."""
    head = server.store.sha("main") or ""
    hub, workflow = (GitHubRelease(api(server), head, "production") for _ in range(2))
    make = GitHubRelease._make

    def make_late(self: GitHubRelease) -> int | None:
        monkeypatch.undo()
        workflow.tell("waiting", "waiting for 3 services")
        return make(self)

    monkeypatch.setattr(GitHubRelease, "_make", make_late)
    hub.tell("waiting", "waiting for 3 services")
    hub.tell("live", "live on 3 of 3 services")
    told = [(status["deployment"], status["state"]) for status in server.store.deployment_statuses]
    assert told == [(1, "in_progress"), (2, "inactive"), (1, "in_progress"), (1, "success")]


def test_release_that_is_live_is_not_waited_for_again(server: GitHubServer) -> None:
    """The workflow starts after the hub has seen it live: GitHub goes on saying so; a failure is told all the same."""
    head = server.store.sha("main") or ""
    GitHubRelease(api(server), head, "production").tell("live", "live on 3 of 3 services")
    later = GitHubRelease(api(server), head, "production")
    later.tell("waiting", "waiting for 3 services")
    assert [status["state"] for status in server.store.statuses] == ["success"]
    later.tell("failed", "live on 2 of 3 services")
    assert [status["state"] for status in server.store.deployment_statuses] == ["success", "failure"]


def test_request_that_another_program_is_just_opening_is_shared(server: GitHubServer) -> None:
    """Its branch is there and its request is not: one request holds both, on that branch, whoever opens it."""
    facts = {"source": "rollback to 1", "branch": "main", "title": "T", "body": "", "author": "Ada <ada@example.org>"}
    files = {"mergecells.yaml": b"version: 1 # x\n"}
    proposal = Proposal.model_validate({**facts, "files": files, "expected_head": server.store.sha("main")})
    server.faults.append(Fault(500, match=f"POST /repos/{server.store.slug}/pulls"))
    host = GitHubPulls(api(server), sleep=lambda _: None)
    with pytest.raises(MergecellsError):
        host.propose(proposal)
    assert server.store.pulls == {}
    made = host.propose(proposal)
    assert (made.number, host.propose(proposal).number) == (1, 1)
    assert len(server.store.git("for-each-ref", "refs/heads/mergecells/").decode().splitlines()) == 1


def test_request_that_another_program_has_just_opened_is_taken(
    server: GitHubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between our look and our request: GitHub refuses a second one for the branch, and the first is ours too."""
    facts = {"source": "rollback to 1", "branch": "main", "title": "T", "body": "", "author": "Ada <ada@example.org>"}
    files = {"mergecells.yaml": b"version: 1 # x\n"}
    proposal = Proposal.model_validate({**facts, "files": files, "expected_head": server.store.sha("main")})
    inner = github_propose._opened

    def late(*given: Any) -> Any:
        monkeypatch.undo()
        assert GitHubPulls(api(server), sleep=lambda _: None).propose(proposal).number == 1
        return inner(*given)

    monkeypatch.setattr(github_propose, "_opened", late)
    assert GitHubPulls(api(server), sleep=lambda _: None).propose(proposal).number == 1
    assert len(server.store.pulls) == 1
