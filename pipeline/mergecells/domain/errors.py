"""Errors a program cannot go on from; what a user can mend in a file or a cell is a Finding instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mergecells.domain.findings import Finding
    from mergecells.domain.llm import Attempt, BudgetState, ErrorKind


class MergecellsError(Exception):
    """Something stopped; `message` says what and where, `hint` says what to do next."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(MergecellsError):
    """The call itself cannot be carried out as it was put (exit status 2)."""


class ConfigRejectedError(MergecellsError):
    """A config that must not be used; `findings` holds every reason, not the first only."""

    def __init__(self, message: str, findings: Sequence[Finding] = (), hint: str = "") -> None:
        super().__init__(message, hint)
        self.findings = tuple(findings)


class WorkbookUnreadableError(MergecellsError):
    """The file is not a workbook we can read, or reading it would cost more than is allowed."""


class WorkbookChangedError(MergecellsError):
    """Somebody edited the workbook between reading and writing. Nothing was written; read it again."""


class HeadMovedError(MergecellsError):
    """A compare-and-swap lost: the branch moved between reading and writing. Nothing was written."""


class UnknownRevisionError(MergecellsError):
    """No commit of that name in this repository."""


class PromptInputError(UsageError):
    """The inputs of a call do not fit what the prompt declares."""


class PromptRenderError(MergecellsError):
    """A prompt that cannot be rendered: its template is at fault, or rendering would pass a limit.

    `problem` is the message without its place; `file` is empty and `line` (of the file) 0 where that is not known.
    """

    def __init__(self, problem: str, hint: str = "", file: str = "", line: int = 0) -> None:
        place = f"{file}:{line}: " if line else f"{file}: " if file else ""
        super().__init__(place + problem, hint)
        self.problem, self.file, self.line = problem, file, line


class UnknownPromptError(UsageError):
    """No prompt of that slug in the current Snapshot."""


class ProviderError(MergecellsError):
    """One try with one model failed. `status` is the HTTP status; `retry_after` seconds that the provider asked for.

    `may_cost`: the provider may have worked and may charge for it, though no usable answer came (a timeout, a cut
    stream). A refusal and a connection that was never made cost nothing.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        hint: str = "",
        *,
        status: int | None = None,
        retry_after: float | None = None,
        may_cost: bool = False,
    ) -> None:
        super().__init__(message, hint)
        self.kind: ErrorKind = kind
        self.may_cost = may_cost
        self.status = status
        self.retry_after = retry_after


class LlmCallError(MergecellsError):
    """A call that got no answer it may give back. `kind` is how the last try failed; `attempts` are all of them."""

    def __init__(self, kind: ErrorKind, message: str, hint: str = "", attempts: Sequence[Attempt] = ()) -> None:
        super().__init__(message, hint)
        self.kind: ErrorKind = kind
        self.attempts = tuple(attempts)


class LedgerError(MergecellsError):
    """The ledger of budgets cannot be asked, so no call may be made."""


class LedgerBusyError(LedgerError):
    """The ledger would have to wait for another, and was told not to."""


class BudgetExceededError(LlmCallError):
    """Refused before it was made: its worst case would pass a budget's halt. `budgets` are all that apply."""

    def __init__(
        self, message: str, hint: str = "", attempts: Sequence[Attempt] = (), budgets: Sequence[BudgetState] = ()
    ) -> None:
        super().__init__("budget", message, hint, attempts)
        self.budgets = tuple(budgets)


class InvalidAnswerError(LlmCallError):
    """The model answered, but not with the JSON that the prompt's `outputs` asks for. `text` is what it said."""

    def __init__(self, message: str, hint: str = "", attempts: Sequence[Attempt] = (), text: str = "") -> None:
        super().__init__("invalid_output", message, hint, attempts)
        self.text = text
