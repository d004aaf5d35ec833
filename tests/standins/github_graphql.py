"""The GraphQL side of the stand-in: the real schema, the real validation and execution of graphql-core, our values."""

from __future__ import annotations

from functools import cache
from typing import Any

from graphql import DocumentNode, GraphQLError, execute_sync, parse, validate

from standins.github_descriptions import NotAsDescribedError, graphql_schema
from standins.github_store import GitHubStore, Pull


def answer(store: GitHubStore, query: str, variables: dict[str, Any]) -> dict[str, Any]:
    """A GraphQL answer. A document that does not fit the schema is a mistake of ours and raises."""
    document, wrong = _document(query)
    if wrong:
        raise NotAsDescribedError(f"GraphQL: {wrong}")
    root = {"repository": lambda _info, owner, name, **_: _repository(store, f"{owner}/{name}"),
            "enablePullRequestAutoMerge": lambda _info, input: _auto_merge(store, input)}  # fmt: skip
    result = execute_sync(
        graphql_schema(), document, root, variable_values=variables, type_resolver=lambda value, *_: value["__typename"]
    )
    told: dict[str, Any] = {"data": result.data}
    if result.errors:
        told["errors"] = [_error(error) for error in result.errors]
    return told


@cache
def _document(query: str) -> tuple[DocumentNode, str]:
    """A query, parsed, and what is wrong with it. Ours are few, and looking at one takes longer than answering it."""
    document = parse(query)
    wrong = validate(graphql_schema(), document)
    return document, wrong[0].message if wrong else ""


class NotFoundError(Exception):
    """What GitHub answers for a node that is not there."""


def _error(error: GraphQLError) -> dict[str, Any]:
    if not isinstance(error.original_error, NotFoundError):
        raise NotAsDescribedError(f"GraphQL: {error.message}") from error.original_error
    return {"type": "NOT_FOUND", "path": error.path, "message": str(error.original_error)}


def _auto_merge(store: GitHubStore, asked: dict[str, Any]) -> dict[str, Any]:
    pull = store.pulls[int(asked["pullRequestId"].removeprefix("PR_"))]
    pull.auto_merge = True
    return {"pullRequest": _pull(store, pull)}


def _repository(store: GitHubStore, slug: str) -> dict[str, Any]:
    if slug.lower() != store.slug.lower():
        raise NotFoundError(f"Could not resolve to a Repository with the name '{slug}'.")
    return {
        "__typename": "Repository",
        "ref": lambda _info, **asked: _ref(store, asked["qualifiedName"]),
        "refs": lambda _info, query="", first=100, **more: _refs(store, more["refPrefix"], query or "", first),
        "object": lambda _info, oid=None, expression=None: _blob(store, oid or expression),
        "pullRequest": lambda _info, number: _one(store, number),
        "pullRequests": lambda _info, states=None, first=30, after=None, **_: _pulls(store, states, first, after),
    }


def _one(store: GitHubStore, number: int) -> dict[str, Any]:
    if number not in store.pulls:
        raise NotFoundError(f"Could not resolve to a PullRequest with the number of {number}.")
    return _pull(store, store.pulls[number])


def _ref(store: GitHubStore, name: str) -> dict[str, Any] | None:
    full = name if name.startswith("refs/") else f"refs/heads/{name}"
    sha = store.sha(full)
    if sha is None:
        return None
    target = {"__typename": "Commit", "oid": sha, "tree": {"__typename": "Tree", "oid": store.tree_of(sha)}}
    return {"name": full.removeprefix("refs/heads/"), "target": target}


def _refs(store: GitHubStore, prefix: str, query: str, first: int) -> dict[str, Any]:
    nodes = []
    for full in store.git("for-each-ref", "--format=%(refname)", prefix).decode().split():
        short = full.removeprefix(prefix)
        if query and query not in short:
            continue
        found = _ref(store, full) or {}
        nodes.append({**found, "name": short, "associatedPullRequests": _of_branch(store, full)})
    return {"nodes": nodes[:first]}


def _of_branch(store: GitHubStore, full: str) -> Any:
    """Newest last, as GitHub orders them unless asked otherwise."""

    def answer(_info: Any, states: list[str] | None = None, first: int = 100, **_: Any) -> dict[str, Any]:
        own = [p for p in store.pulls.values() if f"refs/heads/{p.head_ref}" == full]
        return {"nodes": [_pull(store, p) for p in own if not states or _state(p) in states][:first]}

    return answer


def _blob(store: GitHubStore, name: str) -> dict[str, Any] | None:
    kind = store.git("cat-file", "-t", name, accept=(0, 128)).decode().strip()
    if kind != "blob":
        return None
    content = store.git("cat-file", "blob", name)
    binary = b"\0" in content
    # "text: UTF8 text data or null if the Blob is binary"; long ones are cut.
    text = None if binary else content.decode("utf-8", "replace")[:512_000]
    cut = len(content) > 512_000
    return {"__typename": "Blob", "oid": name, "isBinary": binary, "isTruncated": cut, "text": text}


def _pulls(store: GitHubStore, states: list[str] | None, first: int, after: str | None) -> dict[str, Any]:
    wanted = [p for p in sorted(store.pulls.values(), key=lambda p: -p.number) if not states or _state(p) in states]
    start = int(after) if after else 0
    page = wanted[start : start + first]
    end = start + len(page)
    info = {"hasNextPage": end < len(wanted), "endCursor": str(end)}
    return {"pageInfo": info, "nodes": [_pull(store, pull) for pull in page]}


def _state(pull: Pull) -> str:
    return pull.state.upper()


def _pull(store: GitHubStore, pull: Pull) -> dict[str, Any]:
    if pull.state == "open":
        store.follow(pull)
    base = store.sha(f"refs/heads/{pull.base_ref}")
    return {
        "__typename": "PullRequest",
        "id": f"PR_{pull.number}",
        "number": pull.number,
        "title": pull.title,
        "body": pull.body,
        "url": f"https://github.com/{store.slug}/pull/{pull.number}",
        "state": _state(pull),
        "createdAt": pull.created_at,
        "updatedAt": pull.updated_at,
        "mergedAt": pull.merged_at,
        "author": {"__typename": "Bot" if pull.author.is_app else "User", "login": pull.author.login},
        "headRefName": pull.head_ref,
        "headRefOid": pull.head_sha,
        "baseRefName": pull.base_ref,
        "baseRefOid": base,
        "mergeCommit": {
            "__typename": "Commit",
            "oid": pull.merge_sha,
            "statusCheckRollup": _rollup(store, pull.merge_sha),
        }
        if pull.merge_sha
        else None,
        "mergedBy": _actor(pull.merged_by.login, pull.merged_by.name, pull.merged_by.is_app)
        if pull.merged_by
        else None,
        "reviews": {"nodes": [_review(review) for review in pull.reviews]},
        "comments": lambda _info, last=100, **_: {"nodes": _comments(store, pull)[-last:]},
        "commits": lambda _info, last=20, **_: {"nodes": _commits(store, pull)[-last:]},
    }


def _comments(store: GitHubStore, pull: Pull) -> list[dict[str, Any]]:
    return [
        {"__typename": "IssueComment", "databaseId": comment["id"], "body": comment["body"],
         "viewerDidAuthor": comment["login"] == store.viewer.login}
        for comment in store.comments if comment["number"] == pull.number
    ]  # fmt: skip


def _actor(login: str, name: str | None, is_app: bool = False) -> dict[str, Any]:
    return {"__typename": "Bot" if is_app else "User", "login": login, "name": name}


def _review(review: Any) -> dict[str, Any]:
    commit = {"__typename": "Commit", "oid": review.commit}
    return {"submittedAt": review.at, "commit": commit, "author": _actor(review.login, review.name)}


def _commits(store: GitHubStore, pull: Pull) -> list[dict[str, Any]]:
    """The commits of the request, oldest first: those of its head that the base did not have when it was opened."""
    base = f"^{pull.merge_sha}^1" if pull.merge_sha else f"^refs/heads/{pull.base_ref}"
    listed = store.git("rev-list", "--topo-order", "--reverse", pull.head_sha, base, accept=(0, 128)).decode().split()
    nodes = []
    for sha in listed:
        message = store.git("show", "-s", "--format=%B", sha).decode().rstrip("\n")
        nodes.append({"commit": {"__typename": "Commit", "oid": sha, "message": message,
                                 "tree": {"__typename": "Tree", "oid": store.tree_of(sha)},
                                 "statusCheckRollup": _rollup(store, sha)}})  # fmt: skip
    return nodes


def _rollup(store: GitHubStore, sha: str) -> dict[str, Any] | None:
    runs = {run["name"]: run for run in store.checks if run["head_sha"] == sha}
    nodes: list[dict[str, Any]] = [
        {"__typename": "CheckRun", "name": run["name"], "startedAt": None, "completedAt": run.get("completed_at"),
         "conclusion": (run.get("conclusion") or "").upper() or None, "title": run.get("output", {}).get("title"),
         "summary": run.get("output", {}).get("summary")}
        for run in runs.values()
    ]  # fmt: skip
    latest = {status.get("context", "default"): status for status in store.statuses if status["sha"] == sha}
    nodes += [
        {"__typename": "StatusContext", "context": context, "state": status["state"].upper(),
         "description": status.get("description"), "createdAt": status["at"]}
        for context, status in latest.items()
    ]  # fmt: skip
    return {"contexts": {"nodes": nodes}} if nodes else None
