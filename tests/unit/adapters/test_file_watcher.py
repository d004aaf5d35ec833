"""Events are hints, and a watcher that went deaf is noticed and built anew."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.config_samples import sample_files, wait_for, write_files
from mergecells.adapters.checkout import ConfigRoot
from mergecells.adapters.file_watcher import FileWatcher


class Woken:
    def __init__(self, folder: Path) -> None:
        self.event = threading.Event()
        self.watcher = FileWatcher(ConfigRoot(folder).watched, self.event.set)

    def start(self) -> None:
        assert self.watcher.tend() == ""
        self.event.clear()


@pytest.fixture
def woken(tmp_path: Path) -> Iterator[Woken]:
    write_files(tmp_path / "config", sample_files())
    stage = Woken(tmp_path / "config")
    stage.start()
    yield stage
    stage.watcher.close()


def test_watcher_tells_of_a_write_and_of_a_rename(woken: Woken, tmp_path: Path) -> None:
    """An editor that writes in place and one that renames over are both seen."""
    place = tmp_path / "config" / "scoring" / "rules.yaml"
    place.write_text("x")
    assert woken.event.wait(5)
    woken.event.clear()
    (tmp_path / "config" / "scoring" / ".swap").write_text("y")
    (tmp_path / "config" / "scoring" / ".swap").replace(place)
    assert woken.event.wait(5)


def test_reading_the_config_wakes_nobody(woken: Woken, tmp_path: Path) -> None:
    """Reading makes events too; reacting to them would never end."""
    for _ in range(20):
        ConfigRoot(tmp_path / "config").read()
    assert not woken.event.wait(0.3)


def test_watcher_of_a_deleted_and_recreated_folder_hears_again(woken: Woken, tmp_path: Path) -> None:
    """Same path, other inode: the old watch is dead without a word."""
    shutil.rmtree(tmp_path / "config")
    woken.watcher.tend()
    write_files(tmp_path / "config", sample_files())
    woken.start()
    (tmp_path / "config" / "scoring" / "fields.yaml").write_text("x")
    assert woken.event.wait(5)


def test_watcher_of_a_folder_moved_away_and_made_anew_hears_the_new_one(woken: Woken, tmp_path: Path) -> None:
    """The watch goes with the moved folder, alive and useless; what is watched is compared with what is there."""
    (tmp_path / "config").rename(tmp_path / "away")
    write_files(tmp_path / "config", sample_files())
    woken.start()
    (tmp_path / "config" / "scoring" / "verticals" / "small.yaml").write_text("x")
    assert woken.event.wait(5)


def test_watcher_takes_up_a_folder_that_came_later(woken: Woken, tmp_path: Path) -> None:
    """`prompts/` made after the start is watched like the others."""
    (tmp_path / "config" / "prompts").mkdir()
    woken.start()
    (tmp_path / "config" / "prompts" / "hook.md").write_text("x")
    assert woken.event.wait(5)


def test_watcher_whose_thread_died_is_rebuilt(woken: Woken, tmp_path: Path) -> None:
    """A dead emitter leaves the observer alive and deaf; the supervisor notices."""
    observer = woken.watcher._observer
    assert observer is not None
    emitter = next(iter(observer.emitters))
    emitter.stop()
    emitter.join()
    assert observer.is_alive()
    woken.start()
    assert woken.watcher._observer is not observer
    (tmp_path / "config" / "scoring" / "rules.yaml").write_text("x")
    assert woken.event.wait(5)


def test_watcher_follows_a_link_that_was_swapped(tmp_path: Path) -> None:
    """Behind a swapped link the new tree is watched, not the old one."""
    for name in ("a", "b"):
        write_files(tmp_path / name, sample_files())
    (tmp_path / "current").symlink_to("a")
    stage = Woken(tmp_path / "current")
    try:
        stage.start()
        (tmp_path / "new").symlink_to("b")
        (tmp_path / "new").replace(tmp_path / "current")
        assert stage.event.wait(5)
        stage.start()
        (tmp_path / "b" / "scoring" / "rules.yaml").write_text("x")
        assert stage.event.wait(5)
    finally:
        stage.watcher.close()


LIMITED = """
import os, resource, sys
from pathlib import Path
import watchdog.observers.inotify
from mergecells.adapters.checkout import ConfigRoot
from mergecells.adapters.file_watcher import FileWatcher
watcher = FileWatcher(ConfigRoot(Path(sys.argv[1])).watched, lambda: None)
resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) - 1, 4096))
print(watcher.tend() or "it watches")
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
watcher._retry_at = 0
print(watcher.tend() or "it watches")
watcher.close()
"""


def test_watch_limit_leaves_polling_and_says_so(tmp_path: Path) -> None:
    """No descriptor for inotify: no exception, the reason for the status, and another try later."""
    write_files(tmp_path, sample_files())
    command = [sys.executable, "-c", LIMITED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    first, later = done.stdout.splitlines()
    assert "limit" in first
    assert later == "it watches"


def test_closed_watcher_leaves_no_thread(tmp_path: Path) -> None:
    """A program that opens and closes configs does not gather threads."""
    before = threading.active_count()
    write_files(tmp_path, sample_files())
    for _ in range(3):
        stage = Woken(tmp_path)
        stage.start()
        stage.watcher.close()
    wait_for(lambda: threading.active_count() <= before + 1)
