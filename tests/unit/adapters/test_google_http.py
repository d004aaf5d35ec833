"""Faults between us and Google: what is repeated, what is looked at first, and what a person is told."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from google_stage import ROBOT, FakeTime, Stage, staged
from mergecells.adapters.google_auth import SHEETS_SCOPE, find_account
from mergecells.adapters.google_http import PatientClient
from mergecells.adapters.google_pacing import Pacer
from mergecells.authoring.fill import plan_fill
from mergecells.domain.errors import MergecellsError, UsageError, WorkbookChangedError
from mergecells.domain.locations import CellRef
from mergecells.domain.workbook_layout import CellLayout, SheetLayout, WorkbookLayout
from standins.google.faults import Fault, too_many
from workbook_sample import BASE, sample_files

GET, WRITE = "sheets.spreadsheets.get", "sheets.spreadsheets.batchUpdate"


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged() as made:
        yield made


def layout(rows: int = 3, value: float = 1.0) -> WorkbookLayout:
    """A small table."""
    cells = {(1, 1): CellLayout("key"), (1, 2): CellLayout("number"), (1, 3): CellLayout("_key")}
    for row in range(2, rows + 2):
        cells[row, 1] = CellLayout(f"k{row}", style="key", locked=True)
        cells[row, 2] = CellLayout(value * row, style="number")
        cells[row, 3] = CellLayout(f'["k{row}"]', style="hidden")
    sheet = SheetLayout("Rows", cells, keys=(1,), hidden_columns=frozenset({3}))
    return WorkbookLayout((sheet,), metadata={"base_revision": BASE})


def numbers(stage: Stage) -> list[object]:
    sheet = stage.sheet().read().sheets["Rows"]
    return [sheet.at(row, 2).value for row in range(2, sheet.last_row + 1)]


TRANSIENT = {
    "500": Fault("status", code=500, status="INTERNAL", message="Internal error encountered."),
    "503": Fault("status"),
    "502 with HTML": Fault("html"),
    "cut before": Fault("cut-before"),
    "cut after": Fault("cut-after"),
    "half an answer": Fault("truncated"),
    "429": too_many(),
    "429 that says when": too_many("7"),
}


@pytest.mark.parametrize("fault", TRANSIENT.values(), ids=TRANSIENT.keys())
def test_read_that_fails_is_repeated(stage: Stage, fault: Fault) -> None:
    """Twice in a row; the third brings everything. It waits each time, and as long as it is told to."""
    stage.sheet().write(layout())
    stage.standin.faults.add(fault, times=2)
    assert numbers(stage) == [2, 3, 4]
    assert len(stage.time.slept) == 2
    if fault.headers:
        assert all(wait >= 7 for wait in stage.time.slept)


@pytest.mark.parametrize("fault", TRANSIENT.values(), ids=TRANSIENT.keys())
def test_write_that_fails_is_carried_out_once(stage: Stage, fault: Fault) -> None:
    """Whether Google made the change or not before it failed: in the end each row is there, once."""
    stage.sheet().write(layout(2))
    fault = Fault(**{**vars(fault), "call": WRITE})
    stage.standin.faults.add(fault, times=2)
    stage.sheet().write(layout(5))
    assert numbers(stage) == [2, 3, 4, 5, 6]
    assert len(stage.sheet().read().sheets["Rows"].cells) == 6 * 3


def test_write_whose_answer_is_lost_is_looked_up_and_not_sent_again(stage: Stage) -> None:
    """The change was made, the answer was a 503: one write, and one look at the mark that it left."""
    sheet = stage.sheet()
    sheet.exists()
    stage.standin.faults.add(Fault("lost", WRITE))
    sheet.write(layout())
    assert stage.standin.calls.count(WRITE) == 1
    assert numbers(stage) == [2, 3, 4]


def test_request_that_arrives_twice_is_refused_by_its_number(stage: Stage) -> None:
    """A first try that was still on its way when the second was made: the second is refused, and known to be done."""
    stage.sheet().write(layout(2))
    sheet = stage.sheet()
    sheet.read()
    held: list[object] = []
    real = stage.standin.faults.take

    def first_is_late(call: str) -> Fault | None:
        # Between the look that finds nothing and the second try, the first one is carried out.
        if call == WRITE and not held:
            held.append(call)
            return Fault("cut-before")
        return real(call)

    stage.standin.faults.take = first_is_late  # type: ignore[method-assign]
    sheet.write(layout(4))
    assert numbers(stage) == [2, 3, 4, 5]


def test_failure_that_does_not_end_is_an_error_within_the_deadline(stage: Stage) -> None:
    """Waits grow, and end: the message says that nothing was half done and what to do."""
    stage.sheet().write(layout())
    stage.standin.faults.add(Fault("html"), times=50)
    with pytest.raises(MergecellsError, match="502") as told:
        stage.sheet().read()
    assert "Try again" in told.value.hint
    assert stage.time.now <= 120
    assert stage.time.slept[0] < stage.time.slept[3]
    assert "trying again in" in stage.told[0]


def test_write_that_never_gets_through_leaves_the_sheet_as_it_was(stage: Stage) -> None:
    """No success is reported, and nothing has changed."""
    stage.sheet().write(layout())
    stage.standin.faults.add(Fault("cut-before", WRITE), times=50)
    with pytest.raises(MergecellsError, match="did not get through"):
        stage.sheet().write(layout(value=5.0))
    stage.standin.faults = type(stage.standin.faults)()
    assert numbers(stage) == [2, 3, 4]


def test_quota_that_asks_for_more_than_the_deadline_is_said_at_once(stage: Stage) -> None:
    """A wait that cannot end in time is not begun."""
    stage.sheet().write(layout())
    stage.standin.faults.add(too_many("600"))
    with pytest.raises(MergecellsError, match="quota"):
        stage.sheet().read()
    assert stage.time.slept == []


REFUSALS = {
    "no access": (Fault("status", code=403, status="PERMISSION_DENIED", message="The caller"), "as Editor"),
    "switched off": (
        Fault("status", code=403, status="PERMISSION_DENIED", reason="SERVICE_DISABLED",
              message="Google Sheets API has not been used in project 1"),
        "Enable",
    ),
    "office file": (
        Fault("status", code=400, status="FAILED_PRECONDITION",
              message="This operation is not supported for this document. The document must not be an Office file."),
        "Save as Google Sheets",
    ),
    "unknown": (Fault("status", code=404, status="NOT_FOUND", message="Requested entity was not found."), ROBOT),
}  # fmt: skip


@pytest.mark.parametrize(("fault", "hint"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refusal_is_said_with_the_next_step_and_not_repeated(stage: Stage, fault: Fault, hint: str) -> None:
    """One request, no wait, words for a person."""
    stage.standin.faults.add(fault)
    with pytest.raises(MergecellsError) as told:
        stage.sheet().read()
    assert hint in told.value.hint
    assert stage.time.slept == []


def test_scope_that_is_missing_is_named(stage: Stage) -> None:
    """Credentials that were given for something else."""
    client = stage.client(scopes=["https://www.googleapis.com/auth/calendar"])
    with pytest.raises(MergecellsError, match="without access to spreadsheets"):
        client.spreadsheets_get(stage.book_id, {"fields": "spreadsheetId"})


def test_token_that_expires_is_renewed_in_between(stage: Stage) -> None:
    """A long session: the next call signs in again by itself."""
    sheet = stage.sheet()
    sheet.write(layout())
    stage.standin.identities.tokens.clear()
    sheet.mark({CellRef("Rows", 2, 2): "look"})
    assert stage.sheet().read().sheets["Rows"].at(2, 2).note == "mergecells: look"


def test_key_that_was_deleted_is_said_without_the_key(stage: Stage) -> None:
    """invalid_grant, by name; nothing of the key is told."""
    stage.standin.identities.keys.clear()
    with pytest.raises(MergecellsError, match="no longer accepts") as told:
        stage.sheet().read()
    assert "PRIVATE KEY" not in f"{told.value} {told.value.__cause__!r}"


def test_signed_in_user_works_like_a_service_account(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """An authorized-user file: the refresh token gives access, and losing it is said."""
    # Of such a file google-auth takes the token's address from nowhere but its own constant.
    monkeypatch.setattr("google.oauth2.credentials._GOOGLE_OAUTH2_TOKEN_ENDPOINT", stage.standin.token_uri)
    key = stage.standin.identities.user("ada@example.com", stage.standin.token_uri)
    stage.standin.drive.access[stage.book_id]["ada@example.com"] = "writer"
    client = stage.client(key, [SHEETS_SCOPE])
    assert client.spreadsheets_get(stage.book_id, {"fields": "spreadsheetId"}) == {"spreadsheetId": stage.book_id}
    stage.standin.identities.users.clear()
    with pytest.raises(MergecellsError, match="invalid_grant"):
        stage.client(key).spreadsheets_get(stage.book_id, {"fields": "spreadsheetId"})


def test_broken_key_file_is_a_usage_error_without_its_text(stage: Stage) -> None:
    """A key that is no key."""
    with pytest.raises(UsageError) as told:
        stage.client({**stage.key, "private_key": "-----BEGIN PRIVATE KEY-----\nsecret\n"})
    assert "secret" not in f"{told.value} {told.value.__cause__!r} {told.value.__context__!r}".replace("_secret", "")


def test_edit_between_read_and_write_stops_the_write(stage: Stage) -> None:
    """What a person typed meanwhile is not overwritten by what was read before; they are told which cell it was."""
    stage.sheet().write(layout())
    sheet = stage.sheet()
    sheet.read()
    stage.type("Rows", (3, 2), 99)
    with pytest.raises(WorkbookChangedError, match="Rows!B3"):
        sheet.write(layout(value=5.0))
    assert numbers(stage) == [2, 99, 4]


def test_of_two_commands_that_write_at_once_one_is_told(stage: Stage) -> None:
    """Both have looked and found nothing edited; the number of the write decides."""
    stage.sheet().write(layout())
    one = stage.sheet()
    one.read()

    def other_writes() -> None:
        other = stage.sheet()
        other.read()
        other.write(layout(value=7.0))

    stage.standin.faults.add(Fault("then", WRITE, action=other_writes))
    with pytest.raises(WorkbookChangedError, match="same moment"):
        one.write(layout(value=5.0))
    assert numbers(stage) == [14, 21, 28]


def test_large_write_goes_in_parts_and_ends_with_the_base_revision(stage: Stage) -> None:
    """Each part is within the limit; nothing is left of the note that it was under way."""
    sheet = stage.sheet(most_bytes=20_000)
    sheet.write(layout(900))
    assert stage.standin.calls.count(WRITE) > 2
    assert max(stage.standin.sizes) < 40_000
    book = stage.sheet().read()
    assert book.metadata == {"base_revision": BASE}
    assert numbers(stage) == [2.0 + row for row in range(900)]


def test_large_write_that_is_interrupted_is_no_success_and_goes_on(stage: Stage) -> None:
    """The error says how far it got; the sheet says that it is not complete; the same write again completes it."""
    stage.sheet(most_bytes=20_000).write(layout(900))
    stage.standin.faults.add(Fault("cut-before", WRITE, after=2), times=60)
    with pytest.raises(MergecellsError, match=r"stopped after \d of \d") as told:
        stage.sheet(most_bytes=20_000).write(layout(900, value=5.0))
    assert "goes on from there" in told.value.hint
    stage.standin.faults = type(stage.standin.faults)()
    assert stage.sheet().read().metadata["writing"] == "fill"
    stage.sheet(most_bytes=20_000).write(layout(900, value=5.0))
    assert stage.sheet().read().metadata == {"base_revision": BASE}
    assert numbers(stage) == [5.0 * (2 + row) for row in range(900)]


def test_first_fill_that_is_interrupted_starts_over(stage: Stage) -> None:
    """Half a sheet is not taken for one in which somebody deleted the other half."""
    stage.standin.faults.add(Fault("cut-before", WRITE, after=1), times=60)
    with pytest.raises(MergecellsError, match="stopped after"):
        stage.sheet(most_bytes=20_000).write(layout(900))
    stage.standin.faults = type(stage.standin.faults)()
    assert not stage.sheet().exists()
    stage.sheet(most_bytes=20_000).write(layout(900))
    assert len(numbers(stage)) == 900


def test_sheet_of_a_locale_with_a_decimal_comma_is_refused(stage: Stage) -> None:
    """There Google separates arguments with semicolons, also in its API: said, with where to change it."""
    stage.sheet().write(layout())
    about = {"properties": {"locale": "de_DE"}, "fields": "locale"}
    stage.edit({"updateSpreadsheetProperties": about})
    with pytest.raises(MergecellsError, match="de_DE") as told:
        stage.sheet().read()
    assert "Locale" in told.value.hint


def test_text_longer_than_a_cell_is_refused_before_anything_is_sent(stage: Stage) -> None:
    """50,000 characters; the cell is named."""
    cells = {(1, 1): CellLayout("x" * 50_001)}
    sheet = stage.sheet()
    sheet.exists()
    with pytest.raises(MergecellsError, match="Page!A1"):
        sheet.write(WorkbookLayout((SheetLayout("Page", cells),)))
    assert WRITE not in stage.standin.calls


def test_submission_takes_three_requests_and_a_fill_three(stage: Stage) -> None:
    """Read, look, write: the budget is five for a submission."""
    plan = plan_fill(sample_files(), BASE, None, lambda _: None)
    assert plan.layout is not None
    sheet = stage.sheet()
    sheet.exists()
    sheet.write(plan.layout)
    sheet.mark({})
    assert stage.standin.calls == [GET, GET, WRITE]


def test_pacer_lets_no_more_than_its_limit_through_in_any_minute() -> None:
    """55 of each kind at once, the next a minute after the first; reads and writes are counted apart."""
    clock = FakeTime()
    pacer = Pacer(clock.monotonic, clock.sleep)
    for _ in range(55):
        pacer.wait("read")
        pacer.wait("write")
    assert clock.slept == []
    pacer.wait("read")
    assert clock.now == 60
    moments = []
    for _ in range(200):
        pacer.wait("read")
        moments.append(clock.now)
    assert all(later - earlier >= 60 for earlier, later in zip(moments, moments[55:], strict=False))


def test_slow_answer_is_waited_for(stage: Stage) -> None:
    """Slow is not broken."""
    stage.sheet().write(layout())
    stage.standin.faults.add(Fault("slow", seconds=0.2))
    start = time.monotonic()
    assert numbers(stage) == [2, 3, 4]
    assert time.monotonic() - start >= 0.2


def test_federated_identity_needs_no_key(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workload Identity Federation: a token of another issuer is exchanged, found as gcloud and Actions leave it."""
    (tmp_path / "token").write_text("a token that GitHub signed")
    about = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/github",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": stage.standin.token_uri,
        "credential_source": {"file": str(tmp_path / "token")},
    }
    (tmp_path / "adc.json").write_text(json.dumps(about))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "adc.json"))
    stage.standin.drive.access[stage.book_id]["federated@stand-in"] = "writer"
    for given in ("", str(tmp_path / "adc.json")):
        account = find_account(given, [SHEETS_SCOPE])
        client = PatientClient(account.credentials, account=account.name, endpoint=stage.standin.url)
        assert client.spreadsheets_get(stage.book_id, {"fields": "spreadsheetId"}) == {"spreadsheetId": stage.book_id}
        assert "token" not in repr(account)
