"""A hub on a real socket, everything that it talks to (Sheets, GitHub, accounts), and what an add-on does."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import secrets
import shutil
import subprocess
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

import loopback
from acceptance.stage import Stage as Checkout
from acceptance.stage import command, make_stage
from google_stage import ROBOT, staged
from google_stage import Stage as Google
from mergecells.apps.hub.hub import Hub
from mergecells.apps.hub.settings import read_settings
from mergecells.apps.hub.wiring import build_hub
from mergecells.apps.service.process import address_of, bind
from standins.github_server import GitHubServer
from standins.github_store import Account
from standins.google.accounts import AUDIENCE, DOMAIN, Accounts, accounts

SECRET = "0123456789abcdef0123456789abcdef-webhooks"
ACK, FLEET = "ack-0123456789abcdef0123456789abcdef", "fleet-0123456789abcdef0123456789abcdef"
PATIENCE = 90.0


def until(condition: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Wait until `condition` gives something true, and return it."""
    deadline = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < deadline, f"still {found!r} after {patience} s"
        time.sleep(0.05)
    return found


@dataclass
class AddOn:
    """What the add-on does for one person: signs in, signs, asks."""

    url: str
    accounts: Accounts
    spreadsheet: str
    mail: str = f"ada@{DOMAIN}"
    session: dict[str, Any] = field(default_factory=dict)
    client: httpx.Client = field(default_factory=lambda: loopback.Client(timeout=PATIENCE))

    def sign_in(self, token: str | None = None, **claims: Any) -> httpx.Response:
        given = self.accounts.token(self.mail, **claims) if token is None else token
        headers = {"Authorization": f"Bearer {given}".strip()}
        answer = self.client.post(f"{self.url}/v1/sessions", json={"spreadsheet": self.spreadsheet}, headers=headers)
        if answer.status_code == 201:
            self.session = answer.json()
        return answer

    def headers(self, method: str, target: str, body: bytes = b"", **other: Any) -> dict[str, str]:
        """The signed headers; `timestamp`, `nonce`, `key` and `session` in the place of the right ones."""
        timestamp = str(other.get("timestamp", int(time.time())))
        nonce = other.get("nonce", secrets.token_urlsafe(18))
        key = other.get("key", b64decode(self.session["key"]))
        signed = f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body
        return {
            "X-Mergecells-Session": other.get("session", self.session["session"]),
            "X-Mergecells-Timestamp": timestamp,
            "X-Mergecells-Nonce": nonce,
            "X-Mergecells-Signature": "sha256=" + hmac.new(key, signed, hashlib.sha256).hexdigest(),
            "Content-Type": "application/json",
        }

    def get(self, target: str, **other: Any) -> httpx.Response:
        return self.client.get(self.url + target, headers=self.headers("GET", target, **other))

    def post(self, target: str, document: Any, **other: Any) -> httpx.Response:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return self.client.post(self.url + target, content=body, headers=self.headers("POST", target, body, **other))

    def submit(self, **more: Any) -> dict[str, Any]:
        """Press the button; the answer's document."""
        answer = self.post("/v1/submissions", {"spreadsheet": self.spreadsheet, **more})
        assert answer.status_code == 202, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def show(self, submission: str) -> dict[str, Any]:
        answer = self.get(f"/v1/submissions/{submission}")
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def settle(self, submission: str) -> dict[str, Any]:
        """The submission once the hub's own work on it is done."""
        found: dict[str, Any] = until(lambda: (told := self.show(submission))["settled"] and told)
        return found

    def wait_for(self, submission: str, state: str) -> dict[str, Any]:
        found: dict[str, Any] = until(lambda: (told := self.show(submission))["state"] == state and told)
        return found


@dataclass
class HubStage:
    """`root` is the checkout that the hub serves."""

    folder: Path
    google: Google
    github: GitHubServer
    accounts: Accounts
    checkout: Checkout
    environ: dict[str, str]
    url: str = ""
    hub: Hub | None = None
    more: list[Path] = field(default_factory=list)

    @property
    def roots(self) -> list[Path]:
        return [self.checkout.root, *self.more]

    def add_sheet(self, name: str) -> str:
        """A config of its own in a folder of the repository, with a sheet of its own; the sheet's id."""
        book = self.google.standin.drive.add(name, ROBOT).id
        folder = self.checkout.root / name
        (folder / "scoring").mkdir(parents=True)
        for file in sorted((self.checkout.root / "scoring").rglob("*.yaml")):
            place = folder / file.relative_to(self.checkout.root)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.read_bytes())
        manifest = (self.checkout.root / "mergecells.yaml").read_text().replace(self.google.book_id, book)
        (folder / "mergecells.yaml").write_text(manifest)
        self.checkout.git("add", "-A")
        self.checkout.git("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-qm", name)
        subprocess.run(
            ["git", "-C", self.checkout.root, "push", "-q", self.github.store.folder, "HEAD:main"], check=True
        )
        filled = command("--config-root", folder, "fill", "--workbook", "google", "--apply")
        assert filled.status == 0, filled
        self.more.append(folder)
        return book

    @contextlib.contextmanager
    def running(self, **environ: str) -> Iterator[Hub]:
        """A hub in this process, on a real socket; stopped as SIGTERM would stop it."""
        built = build_hub(self.roots, read_settings({**self.environ, **environ}))
        bound = bind("127.0.0.1", 0)
        config = uvicorn.Config(built.app, log_config=None, access_log=False, lifespan="off", server_header=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        self.url, self.hub = address_of(bound), built.hub
        built.hub.start()
        thread.start()
        until(lambda: server.started)
        until(lambda: all(built.hub.releases.current(desk) for desk in built.hub.desks))
        try:
            yield built.hub
        finally:
            server.should_exit = True
            thread.join(PATIENCE)
            built.hub.stop()
            bound.close()

    def add_on(self, name: str = "ada", spreadsheet: str | None = None, sign_in: bool = True) -> AddOn:
        made = AddOn(self.url, self.accounts, spreadsheet or self.google.book_id, f"{name}@{DOMAIN}")
        if sign_in:
            answer = made.sign_in()
            assert answer.status_code == 201, answer.text
        return made

    def edit(self, tab: str, address: tuple[int, int], value: Any, book: str = "") -> None:
        """Type into the sheet, or into another one."""
        place = replace(self.google, book_id=book) if book else self.google
        place.type(tab, address, value)

    def merge(self, number: int, by: str = "bob") -> str:
        """Merge a pull request on GitHub, as its button does; the merge commit."""
        store = self.github.store
        with store.lock:
            pull = store.pulls[number]
            old = store.sha(f"refs/heads/{pull.base_ref}") or ""
            tree = store.merge_tree(old, pull.head_sha)
            assert tree, "conflict"
            made = store.commit(tree, [old, pull.head_sha], f"Merge pull request #{number}")
            pull.state, pull.merged_at, pull.merged_by, pull.merge_sha = "merged", store.now(), Account(by), made
            store.update_ref(f"refs/heads/{pull.base_ref}", made, old)
            return made

    def deliver(self, event: str, payload: Any, delivery: str = "", secret: str = SECRET) -> httpx.Response:
        """A webhook as GitHub sends it."""
        body = json.dumps(payload).encode()
        headers = {
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": delivery or secrets.token_hex(16),
            "X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
            "Content-Type": "application/json",
        }
        return loopback.post(f"{self.url}/webhooks/github", content=body, headers=headers)


@contextlib.contextmanager
def hub_stage(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    manifest: str = "",
    scoring: Mapping[str, bytes] | None = None,
    engines: bool = False,
    more: Mapping[str, bytes] | None = None,
    small: bool = False,
) -> Iterator[HubStage]:
    """The checkout is filled into the sheet and pushed to GitHub. `manifest` is more text for mergecells.yaml;
    `scoring` are all rule files in the place of the template's, `more` are single files; with `engines` formulas are
    recomputed by all. `small` is that of `make_stage`."""
    with staged() as google, GitHubServer(folder / "github") as github, accounts() as people:
        github.store.accounts = {"app": Account("mergecells[bot]", is_app=True), "bob": Account("bob", "Bob")}
        checkout = make_stage(folder, small)
        text = (checkout.root / "mergecells.yaml").read_text()
        old = text[text.index("pull_requests:") :].split("\n\n")[0] if "pull_requests:" in text else ""
        text = text.replace(old, "")
        if engines:
            text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("checks: {"))
        if scoring is not None:
            shutil.rmtree(checkout.root / "scoring")
            for name, content in scoring.items():
                (checkout.root / name).parent.mkdir(parents=True, exist_ok=True)
                (checkout.root / name).write_bytes(content)
        for name, content in (more or {}).items():
            (checkout.root / name).write_bytes(content)
        text += f"pull_requests: {{host: github}}\ngoogle: {{spreadsheet: {google.book_id}}}\n{manifest}"
        (checkout.root / "mergecells.yaml").write_text(text)
        checkout.git("add", "-A")
        checkout.git("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-qm", "Google and GitHub")
        subprocess.run(["git", "-C", checkout.root, "push", "-q", github.store.folder, "HEAD:main"], check=True)
        checkout.git("remote", "set-url", "origin", "git@github.com:acme/leads.git")
        key = folder / "key.json"
        key.write_text(json.dumps(google.key))
        environ = {
            "MERGECELLS_GOOGLE_CREDENTIALS": str(key),
            "MERGECELLS_GOOGLE_ENDPOINT": google.standin.url,
            "MERGECELLS_GITHUB_API": github.url,
            "MERGECELLS_GITHUB_TOKEN": "app",
            "MERGECELLS_HUB_AUDIENCES": AUDIENCE,
            "MERGECELLS_HUB_DOMAINS": DOMAIN,
            "MERGECELLS_HUB_GOOGLE_KEYS": people.url,
            "MERGECELLS_HUB_WEBHOOK_SECRET": SECRET,
            "MERGECELLS_HUB_ACK_TOKEN": ACK,
            "MERGECELLS_HUB_FLEET_TOKEN": FLEET,
            "MERGECELLS_HUB_STATE": str(folder / "hub.sqlite"),
            "MERGECELLS_HUB_POLL_SECONDS": "3600",
            "MERGECELLS_HUB_DRIFT_SECONDS": "0",
            "MERGECELLS_HUB_REQUESTS_PER_MINUTE": "100000",
        }
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        filled = checkout.run("fill", "--workbook", "google", "--apply")
        assert filled.status == 0, filled
        yield HubStage(folder, google, github, people, checkout, environ)
        assert github.violations == []
