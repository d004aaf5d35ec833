"""When the config is loaded again, and what stays when it cannot be."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import pytest

from fakes.config_samples import bad_files, revision_of, sample_files, sealed_tree
from fakes.fake_clock import FakeClock
from fakes.fake_config_folder import FakeConfigFolder
from fakes.recording_metrics import RecordingMetrics
from mergecells.domain.config_tree import ConfigTree, TreeChangingError
from mergecells.domain.errors import MergecellsError
from mergecells.domain.revision import digest_files
from mergecells.serving.build import build_snapshot
from mergecells.serving.debounce import Debounce
from mergecells.serving.rejections import BranchHead, RejectedRevision
from mergecells.serving.reload import ASK_SECONDS, FULL_LOOK_SECONDS, RETRY_SECONDS, Reloader
from mergecells.serving.snapshot_store import SnapshotStore
from mergecells.serving.status import Status


@dataclass
class Stage:
    folder: FakeConfigFolder
    clock: FakeClock
    metrics: RecordingMetrics
    store: SnapshotStore
    reloader: Reloader

    def put(self, tree: ConfigTree, *, whole: str | None = None) -> None:
        self.folder.tree, self.folder.name = tree, whole
        self.folder.mark = digest_files(tree.files) + str(whole)

    def tick(self, after: float = 0.0, *, asked: bool = False) -> float:
        self.clock.pass_by(after)
        return self.reloader.tick(asked)

    @property
    def version(self) -> str:
        return self.store.current.config.rules.rules.version


def plain(marker: str) -> ConfigTree:
    return ConfigTree(f"untracked-{marker}", sample_files(marker))


@pytest.fixture
def stage() -> Stage:
    tree = plain("one")
    folder, clock, metrics = FakeConfigFolder(tree), FakeClock(), RecordingMetrics()
    snapshot = build_snapshot(tree)
    store = SnapshotStore(snapshot, Status(snapshot.revision, "start", "ok", "start"))
    reloader = Reloader(folder, store, metrics, clock, None, Debounce(2, 5))
    reloader.serving = reloader.tried = (tree.revision, digest_files(tree.files))
    reloader.begin(folder.fingerprint(), folder.whole())
    return Stage(folder, clock, metrics, store, reloader)


def test_edit_in_place_is_loaded_once_it_pauses(stage: Stage) -> None:
    """Two seconds after the last change, and not before."""
    stage.put(plain("two"))
    assert stage.tick() == 2.0
    stage.tick(1.9)
    assert stage.version == "one"
    stage.tick(0.2)
    assert stage.version == "two"
    assert stage.metrics.reloads == [("scoring", "success")]
    assert stage.store.status.loaded_at == "2026-01-01T00:16:42.100Z"


def test_edit_just_after_the_first_load_waits_like_any_other(stage: Stage) -> None:
    """The first look compares with what was loaded: a file that is being written must not be read half."""
    stage.put(plain("half"))
    stage.tick()
    assert stage.version == "one"
    stage.put(plain("two"))
    stage.tick(1.0)
    assert stage.version == "one"
    stage.tick(2.0)
    assert stage.version == "two"


def test_whole_tree_is_loaded_at_once(stage: Stage) -> None:
    """A complete tree that takes the place of another has nothing to wait for."""
    stage.put(sealed_tree("two", revision_of(2)), whole="tree:2")
    stage.tick()
    assert (stage.version, stage.store.status.revision) == ("two", revision_of(2))
    assert stage.store.status.loaded_from == "bundle"


def test_whole_trees_in_a_burst_each_load_without_waiting(stage: Stage) -> None:
    """Twenty publications a second apart give twenty loads: a trailing debounce would starve."""
    for number in range(1, 21):
        stage.put(sealed_tree(f"m{number}", revision_of(number)), whole=f"tree:{number}")
        stage.tick(1.0)
        assert stage.version == f"m{number}"


def test_whole_tree_that_is_back_after_another_was_read_is_loaded(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two, then three just while it is read, then two again: the fingerprint of the look says that nothing changed."""
    second, third = (sealed_tree(f"m{number}", revision_of(number)) for number in (2, 3))
    stage.put(second, whole="tree:2")
    seen = ("tree:3 of another folder", "tree:3")
    read = dataclasses.replace(third, seen=seen)
    with monkeypatch.context() as during:
        during.setattr(stage.folder, "read", lambda: read)
        stage.tick()
    assert stage.version == "m3"
    stage.tick()
    assert stage.version == "m2"


def test_bad_config_is_rejected_with_its_findings_and_the_former_stays(stage: Stage) -> None:
    """The status names revision, time, reason and findings; scoring goes on."""
    stage.put(ConfigTree("untracked-bad", bad_files()), whole="bad")
    stage.tick()
    assert stage.version == "one"
    status = stage.store.status
    assert (status.status, status.revision) == ("rejected", "untracked-one")
    assert status.rejected is not None
    assert status.rejected.revision == "untracked-bad"
    assert {finding.code for finding in status.rejected.findings} == {"rule.weight-sum"}
    assert stage.metrics.reloads == [("scoring", "failure")]
    assert status.to_dict()["rejected"]["findings"][0]["file"] == "scoring/rules.yaml"


def test_same_bad_config_is_not_tried_again_and_counted_once(stage: Stage) -> None:
    """A broken file that nobody touches costs nothing and floods no log."""
    stage.put(ConfigTree("untracked-bad", bad_files()), whole="bad")
    for _ in range(5):
        stage.tick(FULL_LOOK_SECONDS)
    assert stage.metrics.reloads == [("scoring", "failure")]


def test_return_to_what_serves_clears_the_rejection_without_a_load(stage: Stage) -> None:
    """Undoing a bad edit makes all well again; the snapshot is the same object."""
    before = stage.store.current
    stage.put(ConfigTree("untracked-bad", bad_files()), whole="bad")
    stage.tick()
    stage.put(plain("one"), whole="again")
    stage.tick()
    assert stage.store.current is before
    assert (stage.store.status.status, stage.store.status.rejected) == ("ok", None)


def test_rollback_to_an_older_revision_is_loaded_like_any_other(stage: Stage) -> None:
    """Older or newer is no matter: the branch decides."""
    for number in (5, 3):
        stage.put(sealed_tree(f"m{number}", revision_of(number)), whole=f"tree:{number}")
        stage.tick()
    assert stage.store.current.revision == revision_of(3)


def test_unreadable_folder_keeps_the_former_and_is_tried_again_by_itself(stage: Stage) -> None:
    """No event and no other fingerprint announces that a permission came back."""
    stage.put(plain("two"), whole="two")
    stage.folder.error = MergecellsError("It may not be read.")
    stage.tick()
    assert (stage.version, stage.store.status.status) == ("one", "unreadable")
    stage.tick(RETRY_SECONDS)
    assert stage.metrics.reloads == [("scoring", "failure")], "the same failure again is no news"
    stage.folder.error = None
    stage.tick(RETRY_SECONDS)
    assert (stage.version, stage.store.status.status) == ("two", "ok")


def test_unreadable_folder_that_comes_back_as_it_was_is_ok_again(stage: Stage) -> None:
    """The content is what serves already: nothing to load, and nothing wrong any more."""
    stage.folder.error = MergecellsError("It is not there.")
    stage.folder.mark = "gone"
    stage.tick()
    stage.tick(3)
    assert stage.store.status.status == "unreadable"
    stage.folder.error = None
    stage.tick(RETRY_SECONDS)
    assert stage.store.status.status == "ok"


def test_files_that_change_while_they_are_read_are_read_again(stage: Stage) -> None:
    """A torn read is never built: it is only put off."""
    stage.put(plain("two"), whole="two")
    stage.folder.error = TreeChangingError("changing")
    delay = stage.tick()
    assert delay < 0.1
    assert (stage.version, stage.store.status.status) == ("one", "ok")
    stage.folder.error = None
    stage.tick(delay)
    assert stage.version == "two"


def test_files_that_never_stop_changing_are_said_so(stage: Stage) -> None:
    """After the longest wait the status tells why nothing is loaded."""
    stage.put(plain("two"), whole="two")
    stage.folder.error = TreeChangingError("The files changed while they were read.")
    stage.tick()
    for _ in range(60):
        stage.tick(0.1)
    assert stage.store.status.status == "unreadable"


def test_change_that_no_fingerprint_shows_is_found_by_the_full_look(stage: Stage) -> None:
    """Every byte is compared now and then, whatever time stamps say."""
    stage.folder.tree = plain("two")
    stage.tick(FULL_LOOK_SECONDS + 0.1)
    assert stage.version == "two"


def test_asked_reload_does_not_wait_for_edits_to_pause(stage: Stage) -> None:
    """Who asks means now."""
    stage.put(plain("two"))
    stage.tick(asked=True)
    assert stage.version == "two"


def test_asked_reload_of_the_same_bad_config_tries_it_again(stage: Stage) -> None:
    """An operator who asks gets an answer of now."""
    stage.put(ConfigTree("untracked-bad", bad_files()), whole="bad")
    stage.tick()
    assert stage.store.status.rejected is not None
    first = stage.store.status.rejected.at
    stage.tick(1.0, asked=True)
    assert stage.store.status.rejected.at > first


def test_swap_callback_that_fails_stops_neither_swap_nor_the_others(stage: Stage) -> None:
    """The embedding program's errors are its own."""
    seen: list[str] = []

    def failing(_: object) -> None:
        raise RuntimeError("not ours")

    stage.store.on_swap(failing)
    remove = stage.store.on_swap(lambda snapshot: seen.append(snapshot.revision))
    stage.put(plain("two"), whole="two")
    stage.tick()
    remove()
    remove()
    stage.put(plain("three"), whole="three")
    stage.tick()
    assert seen == ["untracked-two"]
    assert stage.version == "three"


def test_refused_head_of_the_branch_is_told_and_forgotten_with_the_next_swap(stage: Stage) -> None:
    """What the publisher refused shows in the status, costs no load, and goes when a newer revision comes."""
    refused = RejectedRevision(revision=revision_of(9), at="then", reason="no")
    head = BranchHead(branch="main", head=revision_of(9), published=revision_of(1), at="then", rejected=refused)
    stage.folder.told = head.model_dump_json()
    stage.tick(after=ASK_SECONDS)
    unpublished = stage.store.status.unpublished
    assert unpublished is not None
    assert (unpublished.revision, unpublished.reason, stage.store.status.status) == (revision_of(9), "no", "ok")
    assert stage.metrics.reloads == []
    stage.put(plain("two"), whole="tree:two")
    stage.tick()
    assert (stage.version, stage.store.status.unpublished) == ("two", None)
    stage.tick(after=ASK_SECONDS)
    assert stage.store.status.unpublished == unpublished
