"""What goes wrong with the files of a running service: it keeps scoring, says what is wrong, and recovers by itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import mergecells
from fakes.config_samples import (
    GitStage,
    bad_files,
    markers_of,
    revision_of,
    sample_files,
    sealed_tree,
    wait_for,
    write_files,
)
from mergecells.adapters.published_tree import PublishedTrees
from mergecells.domain.config_tree import ConfigTree
from mergecells.domain.errors import ConfigRejectedError, MergecellsError
from mergecells.serving.live_config import Config

QUIET = 0.05
Opener = Callable[..., Config]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opener]:
    """`mergecells.open` with a short debounce, closed at the end."""
    configs: list[Config] = []

    def open_config(path: Path, **options: object) -> Config:
        settings = {"poll": 0.02, "quiet": QUIET, "longest": 0.5, "state_dir": tmp_path / "state"} | options
        configs.append(mergecells.open(path, **settings))  # type: ignore[arg-type]
        return configs[-1]

    yield open_config
    for config in configs:
        config.close()


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    write_files(folder, sample_files("one"))
    return folder


def version(config: Config) -> str:
    return config.current.config.rules.rules.version


def is_live(config: Config, marker: str) -> Callable[[], bool]:
    return lambda: version(config) == marker and config.status.status == "ok"


RULES = sample_files("two")["scoring/rules.yaml"]
DAMAGES = {
    "truncated": RULES[: len(RULES) // 2],
    "emptied": b"",
    "half-written": RULES[:-20] + b"\x00" * 20,
    "not text": b"\xff\xfe\x00",
    "not YAML": b"a: [b",
    "alias bomb": b"a: &a [x]\nb: *a\n",
    "deeply nested": b"[" * 100_000,
    "a scalar": b"7\n",
    "10 MB cell": RULES.replace(b"version:", b"note: '" + b"y" * 10_000_000 + b"'\nversion:"),
    "formula of 100,000 characters": RULES.replace(b"=MIN(1,", b"=" + b"1+" * 50_000 + b"MIN(1,"),
    "nested parentheses": RULES.replace(b"=MIN(1,", b"=" + b"(" * 4000 + b"1" + b")" * 4000 + b"+MIN(1,"),
}


@pytest.mark.parametrize("content", DAMAGES.values(), ids=DAMAGES.keys())
def test_damaged_rules_keep_the_former_config_serving(opened: Opener, plain: Path, content: bytes) -> None:
    """Truncated, emptied, half-written or hostile YAML: refused with findings, scoring as before, then mended."""
    config = opened(plain)
    (plain / "scoring" / "rules.yaml").write_bytes(content)
    wait_for(lambda: config.status.status == "rejected")
    assert config.current.score({"years": 1}).value == pytest.approx(10)
    assert config.status.rejected is not None
    assert config.status.rejected.findings
    assert config.status.rejected.findings[0].file == "scoring/rules.yaml"
    write_files(plain, sample_files("three"))
    wait_for(is_live(config, "three"))
    assert config.status.rejected is None


def test_emptied_folder_keeps_the_former_config(opened: Opener, plain: Path) -> None:
    """Somebody deletes every file: the config stays, and comes back with them."""
    config = opened(plain)
    shutil.rmtree(plain / "scoring")
    wait_for(lambda: config.status.status != "ok")
    assert version(config) == "one"
    write_files(plain, sample_files("two"))
    wait_for(is_live(config, "two"))


def test_deleted_and_recreated_folder_is_followed_again(opened: Opener, plain: Path) -> None:
    """Another inode under the same path: the old watch is dead, the reload is not."""
    config = opened(plain)
    shutil.rmtree(plain)
    wait_for(lambda: config.status.status == "unreadable")
    assert version(config) == "one"
    write_files(plain, sample_files("two"))
    wait_for(is_live(config, "two"))
    write_files(plain, sample_files("three"))
    wait_for(is_live(config, "three"))


def test_lost_events_cost_no_change(opened: Opener, plain: Path) -> None:
    """A watcher that is told nothing: the timer finds every change."""
    config = opened(plain, watch=False)
    wait_for(lambda: "only" in config.status.watching)
    write_files(plain, sample_files("two"))
    wait_for(is_live(config, "two"))


def test_dead_watcher_thread_costs_no_change_and_is_rebuilt(opened: Opener, plain: Path) -> None:
    """All of watchdog's threads stop at once; changes arrive all the same, and events come back."""
    config = opened(plain)
    wait_for(lambda: "events" in config.status.watching)
    for thread in threading.enumerate():
        if type(thread).__module__.startswith("watchdog."):
            thread.stop()  # type: ignore[attr-defined]
    write_files(plain, sample_files("two"))
    wait_for(is_live(config, "two"))
    wait_for(lambda: any(type(t).__module__.startswith("watchdog.") for t in threading.enumerate()))


UNPRIVILEGED = """
import os, sys
import mergecells
from fakes.config_samples import sample_files, wait_for, write_files
root = sys.argv[1]
# Everything is imported by a first opening: another user may not be allowed to read this interpreter's library.
with mergecells.open(root, state_dir=None) as config:
    wait_for(lambda: config.status.watching)
if os.geteuid() == 0:
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
"""

AT_THE_LIMIT = """
import ctypes
libc = ctypes.CDLL(None)
while libc.inotify_init() >= 0:
    pass
config = mergecells.open(root, state_dir=None, poll=0.02, quiet=0.05)
wait_for(lambda: config.status.watching)
print(config.status.watching, flush=True)
sys.stdin.readline()
wait_for(lambda: config.current.config.rules.rules.version == "two")
config.close()
print("loaded")
"""

WITHOUT_PERMISSION = """
config = mergecells.open(root, state_dir=None, poll=0.02, quiet=0.05)
print("open", flush=True)
sys.stdin.readline()
wait_for(lambda: config.status.status == "unreadable")
print(config.status.rejected.reason, "|", config.current.score({"years": 1}).value, flush=True)
sys.stdin.readline()
wait_for(lambda: config.status.status == "ok" and config.current.config.rules.rules.version == "two")
config.close()
print("loaded", flush=True)
"""


class Child:
    """A Python program without root's powers, which root's tests would otherwise never be refused anything by."""

    def __init__(self, program: str, root: Path) -> None:
        tests = str(Path(__file__).resolve().parents[1])
        paths = os.pathsep.join(path for path in (os.environ.get("PYTHONPATH"), tests) if path)
        self.process = subprocess.Popen(
            [sys.executable, "-c", UNPRIVILEGED + program, str(root)],
            env=os.environ | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        answer = self.process.stdout.readline().strip()
        if not answer:
            pytest.fail(self.process.communicate()[1])
        return answer

    def go_on(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()


@pytest.fixture
def open_to_all(tmp_path: Path) -> Path:
    """A folder that another user can reach: pytest's own are closed to others."""
    everybody = Path(tempfile.gettempdir())
    for folder in (tmp_path, *tmp_path.parents):
        if folder != everybody and folder.is_relative_to(everybody):
            folder.chmod(0o755)
    return tmp_path / "config"


def test_watch_limit_is_said_in_the_status_and_polling_goes_on(open_to_all: Path) -> None:
    """No inotify instance left for this user: the status says polling only, and changes are loaded all the same."""
    write_files(open_to_all, sample_files("one"))
    child = Child(AT_THE_LIMIT, open_to_all)
    said = child.line()
    assert "polling every 20 ms only" in said
    assert "max_user_instances" in said
    write_files(open_to_all, sample_files("two"))
    child.go_on()
    assert child.line() == "loaded"
    assert child.process.wait(60) == 0


def test_permission_removed_and_given_back(open_to_all: Path) -> None:
    """Unreadable: the former config scores and the status says what to do. Readable again: loaded without a restart."""
    write_files(open_to_all, sample_files("one"))
    child = Child(WITHOUT_PERMISSION, open_to_all)
    assert child.line() == "open"
    write_files(open_to_all, sample_files("two"))
    (open_to_all / "scoring").chmod(0)
    child.go_on()
    assert "may not be read" in (said := child.line())
    assert said.endswith("| 10.0")
    (open_to_all / "scoring").chmod(0o755)
    child.go_on()
    assert child.line() == "loaded"
    assert child.process.wait(60) == 0


def test_rollback_to_older_files_with_older_times_is_loaded(opened: Opener, plain: Path) -> None:
    """Content decides: files that are older than those that serve are loaded like any other."""
    config = opened(plain)
    write_files(plain, sample_files("two"))
    for path in plain.rglob("*.yaml"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    wait_for(is_live(config, "two"))


def test_two_edits_within_the_debounce_give_one_load_of_the_last(opened: Opener, plain: Path) -> None:
    """What was never at rest is never loaded."""
    seen: list[str] = []
    for quiet in (0.3, 1.5, 6.0):  # A busy machine may pause for longer between the two edits than we are patient.
        config = opened(plain, quiet=quiet, longest=60)
        config.on_swap(lambda snapshot: seen.append(snapshot.config.rules.rules.version))
        started = time.monotonic()
        write_files(plain, sample_files("two"))
        write_files(plain, sample_files("three"))
        within = time.monotonic() - started < quiet / 2
        wait_for(lambda: seen[-1:] == ["three"])  # Callbacks run after the swap, so the swap alone is not the end.
        if within:
            break
        config.close()
        seen.clear()
        write_files(plain, sample_files("one"))
    assert seen == ["three"]


def test_checkout_goes_live_at_its_commit_without_the_debounce(opened: Opener, tmp_path: Path) -> None:
    """A `git checkout` that is complete is a revision, not an edit: no waiting for quiet."""
    stage = GitStage(tmp_path)
    first = stage.commit(sample_files("one"))
    second = stage.commit(sample_files("two"))
    config = opened(stage.work, quiet=60, longest=120)
    assert config.current.revision == second
    stage.run("checkout", "-q", first)
    wait_for(lambda: config.current.revision == first)
    (stage.work / "scoring" / "rules.yaml").write_bytes(sample_files("three")["scoring/rules.yaml"])
    assert config.reload(10).revision.startswith(f"{first}-dirty-")


def test_cold_start_with_a_bad_config_serves_the_last_known_good(opened: Opener, plain: Path) -> None:
    """A service that was killed starts with what it last served, and says so; a mended config goes live."""
    opened(plain).close()
    write_files(plain, bad_files("bad"))
    config = opened(plain)
    status = config.status
    assert (version(config), status.status) == ("one", "rejected")
    assert status.rejected is not None
    assert {finding.code for finding in status.rejected.findings} == {"rule.weight-sum"}
    assert "last known good" in status.notes[-1]
    write_files(plain, sample_files("two"))
    wait_for(is_live(config, "two"))
    assert config.status.notes == ()


def test_cold_start_without_the_folder_serves_the_last_known_good(opened: Opener, plain: Path) -> None:
    """The mount is late: the service starts all the same and takes the folder when it comes."""
    opened(plain).close()
    shutil.rmtree(plain)
    config = opened(plain)
    assert (version(config), config.status.status) == ("one", "unreadable")
    write_files(plain, sample_files("two"))
    wait_for(is_live(config, "two"))


def test_cold_start_with_a_bad_published_tree_serves_the_one_before(opened: Opener, tmp_path: Path) -> None:
    """Without a state folder the older trees of `follow` serve."""
    trees = PublishedTrees(tmp_path / "pub")
    trees.publish(sealed_tree("one", revision_of(1)))
    trees.publish(unsealed(bad_files("two"), revision_of(2)))
    config = opened(tmp_path / "pub" / "current", state_dir=None)
    assert (config.current.revision, config.status.status) == (revision_of(1), "rejected")
    assert config.status.rejected is not None
    assert config.status.rejected.revision == revision_of(2)


def test_cold_start_with_nothing_good_raises_every_finding(opened: Opener, plain: Path) -> None:
    """Defaults are never made up: without a good config there is no service."""
    write_files(plain, bad_files())
    with pytest.raises(ConfigRejectedError) as caught:
        opened(plain, state_dir=None)
    assert {finding.code for finding in caught.value.findings} == {"rule.weight-sum"}
    with pytest.raises(MergecellsError, match="is not there"):
        opened(plain / "gone", state_dir=None)


def test_state_folder_that_cannot_be_written_is_a_note_and_no_failure(opened: Opener, plain: Path) -> None:
    """A read-only root file system is common: the service runs and says what it cannot do."""
    config = opened(plain, state_dir=plain / "mergecells.yaml" / "state")
    assert version(config) == "one"
    assert "cannot be kept" in config.status.notes[0]


def test_reload_of_bad_published_revision_keeps_the_good_one(opened: Opener, tmp_path: Path) -> None:
    """A revision forced past the check reaches `current`: the service refuses it by itself."""
    trees = PublishedTrees(tmp_path / "pub")
    trees.publish(sealed_tree("one", revision_of(1)))
    config = opened(tmp_path / "pub" / "current")
    trees.publish(unsealed(bad_files("two"), revision_of(2)))
    wait_for(lambda: config.status.status == "rejected")
    assert config.current.revision == revision_of(1)
    trees.publish(sealed_tree("three", revision_of(3)))
    wait_for(is_live(config, "three"))
    assert config.status.loaded_from == "bundle"


def test_thousand_swaps_under_readers_tear_and_mix_nothing(opened: Opener, tmp_path: Path) -> None:
    """Readers in four threads see whole snapshots of one revision while 1,000 swaps go by; so does the loader."""
    swaps = 1000
    folder = tmp_path / "pub"
    for number in range(4):
        tree = sealed_tree(f"m{number}", revision_of(number))
        sealed = {f".mergecells/{name}": content for name, content in tree.sealed.items()}
        write_files(folder / "revisions" / tree.revision, {**tree.files, **sealed})
    (folder / "current").symlink_to(f"revisions/{revision_of(0)}")
    config = opened(folder / "current", state_dir=None, poll=0.005)
    torn: list[object] = []
    stop = threading.Event()
    reads = [0] * 4

    def read(place: int) -> None:
        while not stop.wait(0.002):  # Without a pause the test's own writer would hardly get a turn.
            snapshot = config.current
            score = snapshot.score({"years": 1})
            marker = f"m{int(snapshot.revision, 16)}"
            if score.revision != snapshot.revision or markers_of(snapshot) != {marker}:
                torn.append((snapshot.revision, score, markers_of(snapshot)))
            reads[place] += 1

    readers = [threading.Thread(target=read, args=(place,)) for place in range(4)]
    live: list[str] = []
    config.on_swap(lambda snapshot: live.append(snapshot.revision))
    for reader in readers:
        reader.start()
    try:
        for number in range(1, swaps + 1):
            revision = revision_of((number + number // 20) % 4)
            (folder / "next").symlink_to(f"revisions/{revision}")
            (folder / "next").replace(folder / "current")
            if number % 20 == 0:
                wait_for(lambda wanted=revision: config.current.revision == wanted)
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert not torn
    assert min(reads) > 0
    assert len(live) >= swaps // 20 // 2
    assert config.status.status == "ok"


def unsealed(files: dict[str, bytes], revision: str) -> ConfigTree:
    """A tree without a seal, as whoever forces a commit past the check leaves it."""
    return ConfigTree(revision, files)
