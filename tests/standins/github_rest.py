"""The REST operations of the stand-in: facts only; the description's examples fill in the rest of each answer."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from standins.github_descriptions import filled
from standins.github_store import Account, GitHubStore, Pull, RefusedError, Review

Facts = dict[str, Any] | list[Any] | str | None
Handler = Callable[[GitHubStore, Account, tuple[str, ...], dict[str, Any], dict[str, str]], tuple[int, Facts]]
REPO = "/repos/{owner}/{repo}"
HANDLERS: dict[tuple[str, str], Handler] = {}


def route(verb: str, path: str) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        HANDLERS[verb, path] = handler
        return handler

    return register


def _write(account: Account) -> None:
    if not account.may_write:
        raise RefusedError(403, "Resource not accessible by personal access token")


@route("GET", "/user")
def _user(_store: GitHubStore, account: Account, *_: Any) -> tuple[int, Facts]:
    if account.is_app:
        raise RefusedError(403, "Resource not accessible by integration")
    return 200, {"login": account.login, "name": account.name}


@route("GET", f"{REPO}/installation")
def _installation(store: GitHubStore, *_: Any) -> tuple[int, Facts]:
    return 200, {"id": 77, "app_id": int(store.app_id)}


@route("POST", "/app/installations/{installation_id}/access_tokens")
def _access_token(store: GitHubStore, _account: Account, parts: tuple[str, ...], *_: Any) -> tuple[int, Facts]:
    if parts[0] != "77":
        raise RefusedError(404, "Not Found")
    token = f"ghs_{len(store.accounts)}"
    store.accounts[token] = Account("mergecells[bot]", is_app=True)
    expires = (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="seconds").replace("+00:00", "Z")
    return 201, {"token": token, "expires_at": expires}


@route("GET", REPO)
def _repository(store: GitHubStore, *_: Any) -> tuple[int, Facts]:
    owner, _, name = store.slug.partition("/")
    return 200, {"full_name": store.slug, "name": name, "owner": {"login": owner}, "default_branch": "main"}


@route("GET", f"{REPO}/git/ref/{{ref}}")
def _ref(store: GitHubStore, _account: Account, parts: tuple[str, ...], *_: Any) -> tuple[int, Facts]:
    found = store.sha(f"refs/{parts[2]}")
    if found is None:
        raise RefusedError(404, "Not Found")
    return 200, {"ref": f"refs/{parts[2]}", "object": {"type": "commit", "sha": found}}


@route("POST", f"{REPO}/git/refs")
def _make_ref(store: GitHubStore, account: Account, _parts: Any, body: dict[str, Any], *_: Any) -> tuple[int, Facts]:
    _write(account)
    if store.sha(body["ref"]) is not None:
        raise RefusedError(422, "Reference already exists")
    if store.sha(body["sha"]) is None:
        raise RefusedError(422, "Object does not exist")
    store.update_ref(body["ref"], body["sha"], None)
    return 201, {"ref": body["ref"], "object": {"type": "commit", "sha": body["sha"]}}


@route("PATCH", f"{REPO}/git/refs/{{ref}}")
def _move_ref(
    store: GitHubStore, account: Account, parts: tuple[str, ...], body: dict[str, Any], *_: Any
) -> tuple[int, Facts]:
    _write(account)
    ref = f"refs/{parts[2]}"
    old = store.sha(ref)
    if old is None:
        raise RefusedError(422, "Reference does not exist")
    ahead = store.git("rev-list", "--count", f"{body['sha']}..{old}").decode().strip() == "0"
    if not ahead and not body.get("force"):
        raise RefusedError(422, "Update is not a fast forward")
    if ref.removeprefix("refs/heads/") in store.protected:
        raise RefusedError(422, "Protected branch update failed")
    store.update_ref(ref, body["sha"], old)
    return 200, {"ref": ref, "object": {"type": "commit", "sha": body["sha"]}}


@route("GET", f"{REPO}/git/trees/{{tree_sha}}")
def _tree(
    store: GitHubStore, _a: Account, parts: tuple[str, ...], _body: Any, query: dict[str, str]
) -> tuple[int, Facts]:
    # In practice a commit's SHA or a branch does as well as a tree's; PyGithub's and Octokit's users rely on it.
    if store.git("rev-parse", "--verify", "-q", f"{parts[2]}^{{tree}}", accept=(0, 1, 128)) == b"":
        raise RefusedError(404, "Not Found")
    flags = ["-r", "-t"] if query.get("recursive") else []
    listing = store.git("ls-tree", "-z", "-l", *flags, parts[2]).decode()
    items = []
    for line in listing.split("\0")[:-1]:
        facts, _, path = line.partition("\t")
        mode, kind, sha, size = facts.split()
        item = {"path": path, "mode": mode, "type": kind, "sha": sha, "url": "https://api.github.com/x"}
        items.append(item if kind != "blob" else {**item, "size": int(size)})
    tree = store.git("rev-parse", f"{parts[2]}^{{tree}}").decode().strip()
    return 200, {"sha": tree, "tree": items, "truncated": False}


@route("POST", f"{REPO}/git/trees")
def _make_tree(store: GitHubStore, account: Account, _p: Any, body: dict[str, Any], *_: Any) -> tuple[int, Facts]:
    _write(account)
    files: dict[str, bytes | None] = {}
    blobs: dict[str, str] = {}
    base = body.get("base_tree")
    for entry in body["tree"]:
        if "sha" in entry and "content" in entry:
            raise RefusedError(422, "Use either sha or content")
        if "content" in entry:
            files[entry["path"]] = entry["content"].encode()
        elif entry["sha"] is None:
            if base is None or not store.git("ls-tree", base, "--", entry["path"]):
                raise RefusedError(422, "GitRPC::BadObjectState")
            files[entry["path"]] = None
        else:
            blobs[entry["path"]] = entry["sha"]
    return 201, {"sha": store.write_tree(base, files, blobs), "truncated": False}


@route("POST", f"{REPO}/git/blobs")
def _make_blob(store: GitHubStore, account: Account, _p: Any, body: dict[str, Any], *_: Any) -> tuple[int, Facts]:
    _write(account)
    content = base64.b64decode(body["content"]) if body.get("encoding") == "base64" else body["content"].encode()
    return 201, {"sha": store.git("hash-object", "-w", "--stdin", stdin=content).decode().strip()}


@route("GET", f"{REPO}/git/blobs/{{file_sha}}")
def _blob(store: GitHubStore, _account: Account, parts: tuple[str, ...], *_: Any) -> tuple[int, Facts]:
    content = store.git("cat-file", "blob", parts[2])
    encoded = base64.encodebytes(content).decode("ascii")
    return 200, {"sha": parts[2], "content": encoded, "encoding": "base64", "size": len(content)}


@route("POST", f"{REPO}/git/commits")
def _make_commit(store: GitHubStore, account: Account, _p: Any, body: dict[str, Any], *_: Any) -> tuple[int, Facts]:
    _write(account)
    sha = store.commit(body["tree"], body.get("parents", []), body["message"])
    # GitHub signs what an App commits without naming an author of its own.
    signed = account.is_app and "author" not in body and "committer" not in body
    reason = "valid" if signed else "unsigned"
    return 201, {"sha": sha, "message": body["message"], "verification": {"verified": signed, "reason": reason}}


@route("GET", f"{REPO}/commits/{{ref}}")
def _commit(store: GitHubStore, _account: Account, parts: tuple[str, ...], *_: Any) -> tuple[int, Facts]:
    names = [f"refs/heads/{parts[2]}", f"refs/tags/{parts[2]}", parts[2]]
    found = next((sha for name in names if (sha := store.sha(name))), None)
    if found is None:
        raise RefusedError(422, f"No commit found for SHA: {parts[2]}")
    return 200, {"sha": found, "files": []}


@route("GET", f"{REPO}/compare/{{basehead}}")
def _compare(store: GitHubStore, _account: Account, parts: tuple[str, ...], *_: Any) -> tuple[int, Facts]:
    base, _, head = parts[2].partition("...")
    one, other = store.sha(base), store.sha(head)
    if one is None or other is None:
        raise RefusedError(404, "Not Found")
    ahead, behind = (
        int(store.git("rev-list", "--count", f"{a}..{b}").decode()) for a, b in ((one, other), (other, one))
    )
    status = {(False, False): "identical", (True, False): "ahead", (False, True): "behind"}.get(
        (ahead > 0, behind > 0), "diverged"
    )
    parted = store.git("merge-base", one, other, accept=(0, 1)).decode().strip()
    if not parted:
        raise RefusedError(404, f"No common ancestor between {base} and {head}.")
    files = [
        {"sha": None, "filename": name, "status": "modified", "additions": 1, "deletions": 1, "changes": 2,
         "blob_url": "https://github.com/x", "raw_url": "https://github.com/x", "contents_url": "https://api.github.com/x"}
        for name in store.git("diff", "--name-only", parted, other).decode().splitlines()
    ]  # fmt: skip
    counts = {"ahead_by": ahead, "behind_by": behind, "total_commits": ahead, "commits": []}
    return 200, {"status": status, **counts, "files": files, "merge_base_commit": {"sha": parted}}


def pull_facts(store: GitHubStore, pull: Pull) -> dict[str, Any]:
    store.follow(pull) if pull.state == "open" else None
    owner = store.slug.partition("/")[0]
    base = store.sha(f"refs/heads/{pull.base_ref}") or ""
    return {
        "id": 1000 + pull.number,
        "node_id": f"PR_{pull.number}",
        "number": pull.number,
        "state": "open" if pull.state == "open" else "closed",
        "title": pull.title,
        "body": pull.body or None,
        "user": {"login": pull.author.login},
        "html_url": f"https://github.com/{store.slug}/pull/{pull.number}",
        "created_at": pull.created_at,
        "updated_at": pull.updated_at,
        "closed_at": None if pull.state == "open" else pull.updated_at,
        "merged_at": pull.merged_at,
        "head": {"ref": pull.head_ref, "sha": pull.head_sha, "label": f"{owner}:{pull.head_ref}"},
        "base": {"ref": pull.base_ref, "sha": base, "label": f"{owner}:{pull.base_ref}"},
        "draft": False,
        # The description's own example of a team lacks a key that its schema requires.
        "requested_teams": [],
        "requested_reviewers": [],
    }


@route("POST", f"{REPO}/pulls")
def _open_pull(store: GitHubStore, account: Account, _p: Any, body: dict[str, Any], *_: Any) -> tuple[int, Facts]:
    _write(account)
    head, base = store.sha(f"refs/heads/{body['head']}"), store.sha(f"refs/heads/{body['base']}")
    for name, sha in (("head", head), ("base", base)):
        if sha is None:
            raise RefusedError(
                422, "Validation Failed", [{"resource": "PullRequest", "field": name, "code": "invalid"}]
            )
    for pull in store.pulls.values():
        if pull.state == "open" and (pull.head_ref, pull.base_ref) == (body["head"], body["base"]):
            told = {"resource": "PullRequest", "code": "custom"}
            raise RefusedError(422, "Validation Failed", [{**told, "message": "A pull request already exists"}])
    if store.git("rev-list", "--count", f"{base}..{head}").decode().strip() == "0":
        raise RefusedError(
            422, "Validation Failed", [{"resource": "PullRequest", "code": "custom", "message": "No commits"}]
        )
    number, at = len(store.pulls) + 1, store.now()
    pull = Pull(number, body["title"], body.get("body") or "", account, body["head"], body["base"], at, at)
    store.pulls[number] = pull
    store.follow(pull)
    return 201, {**pull_facts(store, pull), "merged": False, "mergeable": None, "merge_commit_sha": None}


@route("GET", f"{REPO}/pulls/{{pull_number}}")
def _pull(store: GitHubStore, _account: Account, parts: tuple[str, ...], *_: Any) -> tuple[int, Facts]:
    pull = store.find_pull(int(parts[2]))
    facts = pull_facts(store, pull)
    merged = {"merged": pull.merged_at is not None, "merged_by": None}
    if pull.merged_by:
        merged["merged_by"] = {"login": pull.merged_by.login}  # type: ignore[assignment]
    mergeable, commit = None, pull.merge_sha
    if pull.state == "open":
        # The test merge is made in the background: the first looks find none.
        pull.mergeable_asked += 1
        if pull.mergeable_asked > store.mergeable_after:
            base = facts["base"]["sha"]
            tree = store.merge_tree(base, pull.head_sha)
            mergeable = tree is not None
            commit = store.commit(tree, [base, pull.head_sha], "Test merge") if tree else None
    return 200, {**facts, **merged, "mergeable": mergeable, "merge_commit_sha": commit}


@route("PATCH", f"{REPO}/pulls/{{pull_number}}")
def _change_pull(
    store: GitHubStore, account: Account, parts: tuple[str, ...], body: dict[str, Any], *_: Any
) -> tuple[int, Facts]:
    _write(account)
    pull = store.find_pull(int(parts[2]))
    pull.title, pull.body = body.get("title", pull.title), body.get("body", pull.body)
    if body.get("state") == "closed" and pull.state == "open":
        pull.state = "closed"
    pull.updated_at = store.now()
    more = {"merged": pull.merged_at is not None, "mergeable": None, "merge_commit_sha": pull.merge_sha}
    return 200, {**pull_facts(store, pull), **more}


@route("PUT", f"{REPO}/pulls/{{pull_number}}/merge")
def _merge(
    store: GitHubStore, account: Account, parts: tuple[str, ...], body: dict[str, Any], *_: Any
) -> tuple[int, Facts]:
    _write(account)
    pull = store.find_pull(int(parts[2]))
    store.follow(pull)
    if pull.state != "open":
        raise RefusedError(405, "Pull Request is not mergeable")
    if body.get("sha") not in (None, pull.head_sha):
        raise RefusedError(409, "Head branch was modified. Review and try the merge again.")
    if pull.base_ref in store.protected and not any(review.commit == pull.head_sha for review in pull.reviews):
        raise RefusedError(405, "At least 1 approving review is required by reviewers with write access.")
    base = store.sha(f"refs/heads/{pull.base_ref}") or ""
    tree = store.merge_tree(base, pull.head_sha)
    if tree is None:
        raise RefusedError(405, "Pull Request has merge conflicts")
    message = f"{body.get('commit_title', pull.title)}\n\n{body.get('commit_message', '')}"
    merged = store.commit(tree, [base, pull.head_sha], message)
    store.update_ref(f"refs/heads/{pull.base_ref}", merged, base)
    pull.state, pull.merge_sha, pull.merged_by = "merged", merged, account
    pull.merged_at = pull.updated_at = store.now()
    return 200, {"sha": merged, "merged": True, "message": "Pull Request successfully merged"}


@route("POST", f"{REPO}/pulls/{{pull_number}}/reviews")
def _review(
    store: GitHubStore, account: Account, parts: tuple[str, ...], body: dict[str, Any], *_: Any
) -> tuple[int, Facts]:
    _write(account)
    pull = store.find_pull(int(parts[2]))
    if account.login == pull.author.login:
        raise RefusedError(422, "Unprocessable Entity", [])
    at = store.now()
    commit = body.get("commit_id") or pull.head_sha
    pull.reviews.append(Review(account.login, account.name, commit, at))
    pull.updated_at = at
    return 200, {"state": "APPROVED", "commit_id": commit, "user": {"login": account.login}, "submitted_at": at}


@route("POST", f"{REPO}/pulls/{{pull_number}}/requested_reviewers")
def _ask(
    store: GitHubStore, account: Account, parts: tuple[str, ...], body: dict[str, Any], *_: Any
) -> tuple[int, Facts]:
    _write(account)
    pull = store.find_pull(int(parts[2]))
    pull.reviewers += [*body.get("reviewers", ()), *(f"@{team}" for team in body.get("team_reviewers", ()))]
    return 201, pull_facts(store, pull)


@route("POST", f"{REPO}/issues/{{issue_number}}/labels")
def _label(
    store: GitHubStore, account: Account, parts: tuple[str, ...], body: dict[str, Any], *_: Any
) -> tuple[int, Facts]:
    _write(account)
    pull = store.find_pull(int(parts[2]))
    pull.labels = list(dict.fromkeys([*pull.labels, *body["labels"]]))
    return 200, [
        {"id": 1, "node_id": "L", "url": "https://api.github.com/x", "name": name, "description": None,
         "color": "ededed", "default": False}
        for name in pull.labels
    ]  # fmt: skip


@route("POST", f"{REPO}/check-runs")
def _check_run(store: GitHubStore, account: Account, _p: Any, body: dict[str, Any], *_: Any) -> tuple[int, Facts]:
    if not account.is_app:
        raise RefusedError(403, "You must authenticate via a GitHub App.")
    annotations = body.get("output", {}).get("annotations", [])
    if len(annotations) > 50:
        raise RefusedError(422, "Invalid request. No more than 50 items are allowed; annotations")
    run = {"id": len(store.checks) + 1, **body, "annotations": list(annotations)}
    store.checks.append(run)
    return 201, _run_facts(run)


@route("PATCH", f"{REPO}/check-runs/{{check_run_id}}")
def _update_run(
    store: GitHubStore, account: Account, parts: tuple[str, ...], body: dict[str, Any], *_: Any
) -> tuple[int, Facts]:
    if not account.is_app:
        raise RefusedError(403, "You must authenticate via a GitHub App.")
    run = store.checks[int(parts[2]) - 1]
    more = body.get("output", {}).get("annotations", [])
    if len(more) > 50:
        raise RefusedError(422, "Invalid request. No more than 50 items are allowed; annotations")
    run["annotations"] += more
    run.update({key: value for key, value in body.items() if key != "output"})
    return 200, _run_facts(run)


def _run_facts(run: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": run["id"],
        "head_sha": run["head_sha"],
        "name": run["name"],
        "status": run.get("status", "completed"),
        "conclusion": run.get("conclusion"),
        "output": {"annotations_count": len(run["annotations"])},
        "pull_requests": [],
    }


@route("POST", f"{REPO}/statuses/{{sha}}")
def _status(
    store: GitHubStore, account: Account, parts: tuple[str, ...], body: dict[str, Any], *_: Any
) -> tuple[int, Facts]:
    _write(account)
    status = {**body, "sha": parts[2], "at": store.now()}
    store.statuses.append(status)
    return 201, {"state": body["state"], "context": body.get("context", "default")}


@route("POST", f"{REPO}/issues/{{issue_number}}/comments")
def _comment(
    store: GitHubStore, account: Account, parts: tuple[str, ...], body: dict[str, Any], *_: Any
) -> tuple[int, Facts]:
    _write(account)
    pull = store.find_pull(int(parts[2]))
    made = {"id": len(store.comments) + 1, "number": pull.number, "login": account.login, "body": body["body"]}
    store.comments.append(made)
    return 201, {"id": made["id"], "body": made["body"], "user": {"login": account.login}}


@route("PATCH", f"{REPO}/issues/comments/{{comment_id}}")
def _change_comment(
    store: GitHubStore, account: Account, parts: tuple[str, ...], body: dict[str, Any], *_: Any
) -> tuple[int, Facts]:
    _write(account)
    comment = store.comments[int(parts[2]) - 1]
    comment["body"] = body["body"]
    return 200, {"id": comment["id"], "body": comment["body"], "user": {"login": account.login}}


@route("GET", f"{REPO}/issues")
def _issues(store: GitHubStore, _a: Account, _p: Any, _body: Any, query: dict[str, str]) -> tuple[int, Facts]:
    wanted = {label for label in query.get("labels", "").split(",") if label}
    state = query.get("state", "open")
    found = [each for each in store.issues if state in ("all", each["state"]) and wanted <= set(each["labels"])]
    ordered = found if query.get("direction", "desc") == "asc" else list(reversed(found))
    whole = [filled("POST", f"/repos/{store.slug}/issues", 201, _issue_facts(store, each)) for each in ordered]
    # The description's example is one of a pull request, which an issue of ours never is.
    return 200, [{key: value for key, value in each.items() if key != "pull_request"} for each in whole]


@route("POST", f"{REPO}/issues")
def _open_issue(store: GitHubStore, account: Account, _p: Any, body: dict[str, Any], *_: Any) -> tuple[int, Facts]:
    _write(account)
    if len(body.get("body") or "") > 65_536:
        raise RefusedError(422, "Validation Failed", [{"field": "body", "code": "custom"}])
    made = {"number": 1_000 + len(store.issues), "title": body["title"], "body": body.get("body"), "state": "open",
            "labels": list(body.get("labels", []))}  # fmt: skip
    store.issues.append(made)
    return 201, _issue_facts(store, made)


@route("PATCH", f"{REPO}/issues/{{issue_number}}")
def _change_issue(
    store: GitHubStore, account: Account, parts: tuple[str, ...], body: dict[str, Any], *_: Any
) -> tuple[int, Facts]:
    _write(account)
    issue = next((each for each in store.issues if each["number"] == int(parts[2])), None)
    if issue is None:
        raise RefusedError(404, "Not Found")
    issue.update({key: body[key] for key in ("title", "body", "state") if key in body})
    return 200, _issue_facts(store, issue)


def _issue_facts(store: GitHubStore, issue: dict[str, Any]) -> dict[str, Any]:
    known = {key: issue[key] for key in ("number", "title", "body", "state")}
    address = f"https://github.com/{store.slug}/issues/{issue['number']}"
    return {**known, "html_url": address, "labels": [{"name": label} for label in issue["labels"]]}


@route("POST", f"{REPO}/dispatches")
def _dispatch(store: GitHubStore, account: Account, _p: Any, body: dict[str, Any], *_: Any) -> tuple[int, Facts]:
    _write(account)
    store.dispatches.append(body)
    return 204, None


@route("GET", f"{REPO}/deployments")
def _deployments(store: GitHubStore, _a: Account, _p: Any, _body: Any, query: dict[str, str]) -> tuple[int, Facts]:
    wanted = {key: query[key] for key in ("sha", "environment") if key in query}
    found = [d for d in store.deployments if all(d[key] == value for key, value in wanted.items())]
    whole = [filled("POST", f"/repos/{store.slug}/deployments", 201, deployment) for deployment in reversed(found)]
    return 200, whole


@route("POST", f"{REPO}/deployments")
def _deploy(store: GitHubStore, account: Account, _p: Any, body: dict[str, Any], *_: Any) -> tuple[int, Facts]:
    _write(account)
    sha = store.sha(body["ref"])
    if sha is None:
        raise RefusedError(422, f"No ref found for: {body['ref']}")
    # GitHub's default is "production", its default of required_contexts every status there is.
    made = {"id": len(store.deployments) + 1, "sha": sha, "ref": body["ref"],
            "environment": body.get("environment", "production")}  # fmt: skip
    store.deployments.append(made)
    return 201, made


@route("POST", f"{REPO}/deployments/{{deployment_id}}/statuses")
def _deployment_status(
    store: GitHubStore, account: Account, parts: tuple[str, ...], body: dict[str, Any], *_: Any
) -> tuple[int, Facts]:
    _write(account)
    told = {"deployment": int(parts[2]), "state": body["state"], "description": body.get("description", "")}
    store.deployment_statuses.append(told)
    return 201, {"state": body["state"], "description": told["description"]}


@route("GET", f"{REPO}/deployments/{{deployment_id}}/statuses")
def _deployment_statuses(store: GitHubStore, _a: Account, parts: tuple[str, ...], *_: Any) -> tuple[int, Facts]:
    """The newest first."""
    found = [each for each in reversed(store.deployment_statuses) if each["deployment"] == int(parts[2])]
    place = f"/repos/{store.slug}/deployments/{parts[2]}/statuses"
    keys = ("state", "description")
    return 200, [filled("POST", place, 201, {key: each[key] for key in keys}) for each in found]
