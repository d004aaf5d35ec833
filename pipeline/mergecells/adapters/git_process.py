"""Runs git as a child process that nothing in the caller's surroundings can lead astray."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mergecells.domain.errors import MergecellsError

TIMEOUT_SECONDS = 60.0

# Everything else that starts with GIT_ is dropped: a GIT_DIR or GIT_INDEX_FILE left over from a hook would send our
# writes into another repository, a GIT_AUTHOR_DATE would forge the time.
_KEPT = frozenset({
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CERT",
    "GIT_SSL_KEY",
    "GIT_ASKPASS",
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
})  # fmt: skip

_SET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    # A replace ref would let a SHA stand for other content than the one it names.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_EDITOR": "false",
    "GIT_PAGER": "cat",
    "LC_ALL": "C.UTF-8",
    "LANGUAGE": "",
}

# Settings of the person or of the repository that would run programs, sign, rewrite line ends or change the output.
_SETTINGS = (
    "core.quotepath=off",
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.autocrlf=false",
    "core.safecrlf=false",
    "core.filesRefLockTimeout=2000",
    "core.packedRefsTimeout=2000",
    "core.logAllRefUpdates=false",
    "commit.gpgSign=false",
    "push.gpgSign=false",
    # A bare repository is only ever met here because its path was given; hooks and fsmonitor are off anyway.
    "safe.bareRepository=all",
    "log.showSignature=false",
    "color.ui=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "advice.detachedHead=false",
    "i18n.commitEncoding=UTF-8",
    "i18n.logOutputEncoding=UTF-8",
)


class GitFailedError(MergecellsError):
    """A git command ended with an error; `status` and `messages` (stderr) are git's own."""

    def __init__(self, message: str, hint: str = "", status: int = -1, messages: str = "") -> None:
        super().__init__(message, hint)
        self.status = status
        self.messages = messages


@dataclass(frozen=True, slots=True)
class GitAnswer:
    """How one command ended; `text` is its stdout without the last line break."""

    status: int
    output: bytes
    messages: str

    @property
    def text(self) -> str:
        return self.output.decode("utf-8", "replace").removesuffix("\n")


@dataclass(frozen=True, slots=True)
class GitProcess:
    """git, started in one folder."""

    folder: Path
    timeout: float = TIMEOUT_SECONDS

    def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        accept: tuple[int, ...] = (0,),
        timeout: float | None = None,
    ) -> GitAnswer:
        """One command to its end. Raises GitFailedError when its status is not among `accept`."""
        answer = self._execute(arguments, stdin, environment or {}, timeout or self.timeout)
        if answer.status not in accept:
            raise _failure(arguments, self.folder, answer)
        return answer

    def _execute(
        self, arguments: tuple[str, ...], stdin: bytes, environment: Mapping[str, str], timeout: float
    ) -> GitAnswer:
        command = ["git", "-C", str(self.folder), *_settings_arguments(), *arguments]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**_surroundings(), **environment},
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise MergecellsError("git could not be started.", "Is git installed, and on the PATH?") from error
        with _ended_on_failure(process):
            try:
                output, messages = process.communicate(stdin, timeout)
            except subprocess.TimeoutExpired as error:
                raise GitFailedError(
                    f"`git {arguments[0]}` did not end within {timeout:g} s in {self.folder}.",
                    "Is the disk or the remote slow, or does another program hold a lock there?",
                ) from error
        return GitAnswer(process.returncode, output, messages.decode("utf-8", "replace"))


@contextlib.contextmanager
def _ended_on_failure(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Whatever goes wrong while waiting, git and the programs it started are gone afterwards."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise


@cache
def _settings_arguments() -> tuple[str, ...]:
    return tuple(part for setting in _SETTINGS for part in ("-c", setting))


def _surroundings() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _KEPT}
    return {**kept, **_SET}


def _failure(arguments: tuple[str, ...], folder: Path, answer: GitAnswer) -> GitFailedError:
    said = answer.messages.strip().removeprefix("fatal: ") or f"exit status {answer.status}"
    hint = "Is the folder a git repository, and may you read and write it?"
    if "dubious ownership" in said:
        hint = f"Another user owns it. Trust it with: git config --global --add safe.directory {folder}"
    elif "not a git repository" in said:
        hint = "Run the command inside a git repository, or make one with `mergecells init DIR`."
    return GitFailedError(f"`git {arguments[0]}` failed in {folder}: {said}", hint, answer.status, answer.messages)
