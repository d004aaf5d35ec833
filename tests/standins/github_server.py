"""A strict stand-in for GitHub on loopback: real git behind it, every request and answer held to the description.

What a request may not say, or an answer may not hold, is kept in `violations` and answered with 500, so that a test
cannot pass by it. `faults` are answers to give instead, once each.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from standins import github_graphql, github_rest
from standins.github_descriptions import NotAsDescribedError, check_answer, check_request, filled, operation
from standins.github_store import Account, GitHubStore, RefusedError


@dataclass
class Fault:
    """An answer in the place of the real one. `applied`: the request is carried out all the same; status 0 cuts the
    connection. `match` is looked for in `VERB path`."""

    status: int
    body: str = '{"message": "Server Error"}'
    headers: dict[str, str] = field(default_factory=dict)
    applied: bool = False
    match: str = ""


class GitHubServer:
    """`url` is the API's address. `accounts` of the store says whose a token is."""

    def __init__(self, folder: Path, slug: str = "acme/leads") -> None:
        self.store = GitHubStore(folder, slug)
        self.requests: list[str] = []
        self.violations: list[str] = []
        self.faults: deque[Fault] = deque()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"outer": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> GitHubServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def handle(self, verb: str, target: str, token: str, accept: str, raw: bytes) -> tuple[int, dict[str, str], bytes]:
        split = urlsplit(target)
        path, query = unquote(split.path), dict(parse_qsl(split.query))
        self.requests.append(f"{verb} {path}")
        fault = next((fault for fault in self.faults if fault.match in f"{verb} {path}"), None)
        if fault:
            self.faults.remove(fault)
            if fault.applied:
                self._answer(verb, path, query, token, accept, raw)
            return fault.status, fault.headers, fault.body.encode()
        try:
            return self._answer(verb, path, query, token, accept, raw)
        except NotAsDescribedError as error:
            self.violations.append(str(error))
            return 500, {}, json.dumps({"message": f"stand-in: {error}"}).encode()

    def _answer(
        self, verb: str, path: str, query: dict[str, str], token: str, accept: str, raw: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        signing_in = path.startswith("/app/") or path.endswith("/installation")
        account = self.store.app_of(token) if signing_in else self.store.accounts.get(token)
        if account is None:
            return _json(401, {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"})
        body = json.loads(raw) if raw else None
        with self.store.lock:
            self.store.viewer = account
            if path == "/graphql":
                return _json(200, github_graphql.answer(self.store, body["query"], body.get("variables") or {}))
            return self._rest(verb, path, query, account, accept, body)

    def _rest(
        self, verb: str, path: str, query: dict[str, str], account: Account, accept: str, body: Any
    ) -> tuple[int, dict[str, str], bytes]:
        template, _, parts = operation(verb, path)
        check_request(verb, path, query, body)
        if template.startswith("/repos/") and "/".join(parts[:2]).lower() != self.store.slug.lower():
            return _json(404, {"message": "Not Found", "documentation_url": "https://docs.github.com/rest"})
        if not _permitted(verb, template, account):
            return _json(403, {"message": "Resource not accessible by integration"})
        if accept == "application/vnd.github.diff":
            return self._diff(int(parts[2]))
        try:
            status, facts = github_rest.HANDLERS[verb, template](self.store, account, parts, body or {}, query)
        except RefusedError as refused:
            told = {"message": refused.message, "documentation_url": "https://docs.github.com/rest"}
            status, whole = refused.status, {**told, **({"errors": refused.errors} if refused.errors else {})}
        else:
            whole = filled(verb, path, status, facts) if isinstance(facts, dict) else facts
        if status not in {403}:  # Any operation may answer 403 for a missing permission, described or not.
            check_answer(verb, path, status, whole)
        return _json(status, whole)

    def _diff(self, number: int) -> tuple[int, dict[str, str], bytes]:
        if number not in self.store.pulls:
            return _json(404, {"message": "Not Found"})
        pull = self.store.pulls[number]
        base = pull.merge_sha + "^1" if pull.merge_sha else f"refs/heads/{pull.base_ref}"
        return 200, {"Content-Type": "application/vnd.github.diff"}, self.store.git("diff", f"{base}...{pull.head_sha}")


_NEEDED = (
    ("/git/", ("contents",)),
    ("/dispatches", ("contents",)),
    ("/issues/comments", ("issues", "pull-requests")),
    ("/comments", ("issues", "pull-requests")),
    ("/labels", ("issues", "pull-requests")),
    ("/issues", ("issues",)),
    ("/pulls", ("pull-requests",)),
    ("/check-runs", ("checks",)),
    ("/statuses/{sha}", ("statuses",)),
    ("/deployments", ("deployments",)),
)
"""Part of a path, and the permissions of which one is needed to write there."""


def _permitted(verb: str, template: str, account: Account) -> bool:
    """What a workflow's token may do: https://docs.github.com/rest/authentication/permissions-required-for-github-apps"""
    if account.permissions is None or verb == "GET":
        return True
    needed = next((names for part, names in _NEEDED if part in template), ("contents",))
    return any(account.permissions.get(name) == "write" for name in needed)


def _json(status: int, body: Any) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/json; charset=utf-8"}, json.dumps(body).encode()


class _Handler(BaseHTTPRequestHandler):
    outer: GitHubServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length) if length else b""
        token = (self.headers.get("Authorization") or "").partition(" ")[2]
        status, headers, body = self.outer.handle(self.command, self.path, token, self.headers.get("Accept") or "", raw)
        if status == 0:
            self.close_connection = True
            self.connection.close()
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""
