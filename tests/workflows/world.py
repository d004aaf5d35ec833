"""A config repository on the stand-in for GitHub with the workflows that `init` installs, and a Google Sheet of it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google_stage import Stage
from mergecells.adapters.packaged_workflows import SOURCE_FILE, WORKFLOWS
from mergecells.authoring.fill import plan_fill
from standins.github_server import GitHubServer
from standins.github_store import Account, Pull
from workbook_sample import sound_files
from workflows.actions import equivalents
from workflows.parser import Parser
from workflows.runner import Event, JobResult, Run

REPOSITORY = Path(__file__).resolve().parents[2]
RULES, FIELDS = "scoring/rules.yaml", "scoring/fields.yaml"
PROVIDER = {
    "MERGECELLS_GOOGLE_PROVIDER": "projects/1/locations/global/workloadIdentityPools/p/providers/github",
    "MERGECELLS_GOOGLE_ACCOUNT": "robot@example.iam.gserviceaccount.com",
}


@dataclass
class World:
    parser: Parser
    folder: Path
    server: GitHubServer
    google: Stage
    runs: int = 0
    tokens: list[Mapping[str, str]] = field(default_factory=list)

    @property
    def slug(self) -> str:
        return self.server.store.slug

    @property
    def head(self) -> str:
        return self.server.store.sha("main") or ""

    def begin(self, services: tuple[str, ...] = ()) -> None:
        """The first commit, and the sheet filled from it."""
        files: dict[str, bytes | None] = {path: (REPOSITORY / path).read_bytes() for path in WORKFLOWS}
        files |= {SOURCE_FILE: b"mergecells==0\n", **sound_files(), "mergecells.yaml": self.manifest(services)}
        self.server.store.push(files)
        config = {path: content for path, content in files.items() if content and not path.startswith(".")}
        layout = plan_fill(config, self.head, None, lambda _: None).layout
        assert layout
        self.google.sheet().write(layout)

    def manifest(self, services: tuple[str, ...] = ()) -> bytes:
        engines = "checks: {ironcalc: false, formualizer: false, xlcalculator: false}"
        sheet = f"workbook: google\ngoogle: {{spreadsheet: {self.google.book_id}}}"
        named = f"services: [{', '.join(services)}]\n" if services else ""
        return f"version: 1\n{sheet}\npull_requests: {{host: github}}\n{engines}\n{named}".encode()

    def change(self, name: str, old: str, new: str, branch: str = "main") -> str:
        """Somebody pushes a change of one file."""
        text = self.server.store.git("show", f"{branch}:{name}")
        assert old.encode() in text
        return self.server.store.push({name: text.replace(old.encode(), new.encode(), 1)}, branch)

    def pull(self, name: str, old: str, new: str, *, of: str = "") -> Event | None:
        """A pull request with one change, from a branch here or the fork `of`; what GitHub makes of it. None where it
        makes nothing: it starts no workflow for a request with a conflict."""
        store, number = self.server.store, len(self.server.store.pulls) + 1
        branch = f"edit-{number}"
        store.update_ref(f"refs/heads/{branch}", self.head, None)
        self.change(name, old, new, branch)
        pull = Pull(number, "An edit", "", Account("ada"), branch, "main", store.now(), store.now())
        store.pulls[number] = pull
        store.follow(pull)
        return self.seen(number, of=of)

    def seen(self, number: int, *, of: str = "", secrets: Mapping[str, str] | None = None) -> Event | None:
        """The event of a request as both branches are now."""
        store = self.server.store
        pull = store.pulls[number]
        tree = store.merge_tree(self.head, pull.head_sha)
        if tree is None:
            return None
        merged = store.commit(tree, [self.head, pull.head_sha], "Test merge")
        store.git("update-ref", f"refs/pull/{number}/merge", merged)
        head = {"sha": pull.head_sha, "ref": pull.head_ref, "repo": {"full_name": of or self.slug}}
        about = {"number": number, "head": head, "base": {"sha": self.head, "ref": "main"}}
        payload = {"action": "synchronize", "number": number, "pull_request": about}
        event = Event("pull_request", payload, f"refs/pull/{number}/merge", merged, writes=not of)
        event.secrets = {} if of else (secrets or {})
        return event

    def event(self, name: str, payload: dict[str, Any] | None = None, **variables: str) -> Event:
        """A push, a schedule or a dispatch, on main as it is; the sheet's key is a secret of the repository."""
        secrets = {"MERGECELLS_GOOGLE_CREDENTIALS": json.dumps(self.google.key)}
        return Event(name, payload or {}, "refs/heads/main", self.head, secrets=secrets, variables=variables)

    def run(self, workflow: str, event: Event, place: Path | None = None) -> dict[str, JobResult] | None:
        """Run a workflow of the repository; `place` is another file in its place."""
        self.runs += 1
        folder = self.folder / f"run-{self.runs}"
        folder.mkdir()
        self.last = Run(
            parser=self.parser,
            folder=folder,
            event=event,
            repository=self.slug,
            actions=equivalents(self.server.store.folder, self.google.key),
            give_token=self._token,
            environment={
                "GITHUB_API_URL": self.server.url,
                "MERGECELLS_GOOGLE_ENDPOINT": self.google.standin.url,
                "GIT_CONFIG_NOSYSTEM": "1",
                **{name: os.environ[name] for name in ("LANG", "LC_ALL") if name in os.environ},
            },
        )
        return self.last.start(place or REPOSITORY / ".github" / "workflows" / f"{workflow}.yml")

    def _token(self, permissions: Mapping[str, str]) -> str:
        """A token that may do what the job states, and not more: the stand-in holds it to that."""
        token = f"ghs-{len(self.server.store.accounts)}"
        self.tokens.append(permissions)
        self.server.store.accounts[token] = Account("github-actions[bot]", is_app=True, permissions=permissions)
        return token
