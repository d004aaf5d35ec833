"""The local equivalents of the actions that the workflows use; a `uses:` that is not here fails the test."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from workflows.prepared import prepared
from workflows.runner import Action, Job, WorkflowError

SCRIPTS = Path(sys.executable).parent


def equivalents(repository: Path, google_key: Mapping[str, str] | None = None) -> dict[str, Action]:
    """`repository` is the bare one behind the stand-in."""

    def checkout(job: Job, given: Mapping[str, str]) -> str:
        """git clone, and what the action leaves behind: the branch, and `origin` on GitHub without a token."""
        if given.get("persist-credentials") != "false":
            raise WorkflowError("a checkout keeps the token")
        if not job.may("contents", "read"):
            raise RuntimeError("The token may not read the repository.")
        event = job.run.event
        wanted = given.get("ref") or event.sha
        git(job.folder, "clone", "-q", str(repository), "workspace")
        git(job.workspace, "fetch", "-q", "origin", "+refs/pull/*:refs/remotes/pull/*")
        named = event.ref.removeprefix("refs/heads/")
        target = ["-B", named, wanted] if event.ref.startswith("refs/heads/") and not given.get("ref") else [wanted]
        git(job.workspace, "checkout", "-q", *target)
        git(job.workspace, "remote", "set-url", "origin", f"https://github.com/{job.run.repository}")
        return f"checked out {wanted}"

    def install(job: Job, _given: Mapping[str, str]) -> str:
        """The program under test on the PATH, where the repository has the action."""
        if not (job.workspace / ".github/actions/mergecells/action.yml").is_file():
            raise RuntimeError("Can't find 'action.yml' under '.github/actions/mergecells'.")
        (job.folder / "path").write_text(f"{prepared()}\n{SCRIPTS}\n")
        return "installed"

    def upload(job: Job, given: Mapping[str, str]) -> str:
        named = [job.workspace / name for name in given["path"].split()]
        # Folders go whole, and what is not there is left out while something is.
        there = [each for path in named if path.exists() for each in (path.rglob("*") if path.is_dir() else [path])]
        files = {path.name: path.read_bytes() for path in there if path.is_file()}
        if not files and given.get("if-no-files-found") != "ignore":
            raise RuntimeError(f"No files were found with the provided path: {given['path']}.")
        job.run.artifacts[given["name"]] = files
        return f"uploaded {sorted(files)}"

    def download(job: Job, given: Mapping[str, str]) -> str:
        if given["name"] not in job.run.artifacts:
            raise RuntimeError(f"Artifact not found for name: {given['name']}")
        place = job.workspace / given["path"]
        place.mkdir(parents=True, exist_ok=True)
        for name, content in job.run.artifacts[given["name"]].items():
            (place / name).write_bytes(content)
        return "downloaded"

    def upload_sarif(job: Job, given: Mapping[str, str]) -> str:
        if not job.may("security-events"):
            raise RuntimeError("Resource not accessible by integration")
        content = (job.workspace / given["sarif_file"]).read_bytes()
        assert json.loads(content)["version"] == "2.1.0"
        job.run.artifacts["sarif"] = {"ref": given["ref"].encode(), "file": content}
        return "uploaded"

    def sign_in(job: Job, given: Mapping[str, str]) -> str:
        """Workload identity: an id token for the provider's sake, then a file that Google's library finds."""
        if not job.may("id-token"):
            raise RuntimeError("GitHub Actions did not inject $ACTIONS_ID_TOKEN_REQUEST_TOKEN.")
        assert given["workload_identity_provider"].startswith("projects/")
        place = job.folder / "google.json"
        place.write_text(json.dumps(google_key))
        (job.folder / "env").write_text(f"GOOGLE_APPLICATION_CREDENTIALS={place}\n")
        return "signed in"

    return {
        "actions/checkout": checkout,
        "./.github/actions/mergecells": install,
        "actions/upload-artifact": upload,
        "actions/download-artifact": download,
        "github/codeql-action/upload-sarif": upload_sarif,
        "google-github-actions/auth": sign_in,
    }


def git(folder: Path, *arguments: str) -> str:
    if arguments[0] == "clone":
        shutil.rmtree(folder / arguments[-1])
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout.strip()
