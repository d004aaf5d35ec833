"""A follower that is killed at any point leaves a whole tree current, and the next one goes on."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import mergecells
from fakes.config_samples import GitStage, bad_files, markers_of, sample_files, wait_for
from mergecells.adapters.published_tree import PublishedTrees
from mergecells.apps.following import follow_branch, follow_once
from mergecells.domain.errors import MergecellsError
from mergecells.serving.bundle import load_bundle, read_manifest, verify_files
from mergecells.serving.follow import FollowStep

FOLLOWER = """
import sys, threading
from pathlib import Path
from mergecells.apps.following import follow_branch
def report(step):
    print(getattr(step, "kind", step), flush=True)
follow_branch(sys.argv[1], Path(sys.argv[2]), interval=0.01, stop=threading.Event(), report=report)
"""


def start_follower(stage: GitStage, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", FOLLOWER, str(stage.bare), str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def assert_whole(folder: Path) -> str:
    """`current` leads to a tree that is all there, and whose every digest is right. Returns its revision."""
    tree = next(PublishedTrees(folder).recent())
    assert tree.revision == os.readlink(folder / "current").removeprefix("revisions/")
    manifest = read_manifest(tree)
    assert manifest is not None
    verify_files(manifest, tree)
    load_bundle(tree)
    return tree.revision


def follow_when_free(stage: GitStage, folder: Path) -> FollowStep:
    """A child that the killed one was just starting holds the lock until it is a program of its own."""
    steps: list[FollowStep] = []

    def follow() -> bool:
        with contextlib.suppress(MergecellsError):
            steps.append(follow_once(str(stage.bare), folder))
        return bool(steps)

    wait_for(follow)
    return steps[0]


def test_follower_killed_at_random_moments_leaves_whole_trees_and_recovers(tmp_path: Path) -> None:
    """kill -9 in the midst of publishing, again and again, while commits come: never half a tree, never a wedge."""
    stage, folder = GitStage(tmp_path), tmp_path / "pub"
    stage.commit(sample_files("start"))
    follow_once(str(stage.bare), folder)
    moments = random.Random(20)
    for number in range(6):
        follower = start_follower(stage, folder)
        assert follower.stdout is not None
        follower.stdout.readline()
        stage.commit(sample_files(f"m{number}"))
        time.sleep(moments.uniform(0.0, 0.06))
        follower.send_signal(signal.SIGKILL)
        follower.wait()
        follower.stdout.close()
        assert_whole(folder)
    step = follow_when_free(stage, folder)
    assert step.revision == stage.head()
    assert assert_whole(folder) == stage.head()
    assert not [entry for entry in (folder / "revisions").iterdir() if entry.name.startswith(".tmp")]


def test_leftover_link_and_half_tree_of_a_killed_follower_are_cleaned_at_the_start(tmp_path: Path) -> None:
    """What a kill leaves can neither be served nor stop the next publication."""
    stage, folder = GitStage(tmp_path), tmp_path / "pub"
    first = stage.commit(sample_files("one"))
    follow_once(str(stage.bare), folder)
    second = stage.commit(sample_files("two"))
    half = folder / "revisions" / f".tmp-{second}-99-ab"
    (half / "scoring").mkdir(parents=True)
    (half / "scoring" / "rules.yaml").write_text("half")
    (folder / ".tmp-current-99-ab").symlink_to(f"revisions/{second}")
    assert assert_whole(folder) == first
    assert follow_once(str(stage.bare), folder).revision == second
    assert sorted(entry.name for entry in folder.iterdir()) == [".lock", "current", "head.json", "revisions"]
    assert not half.exists()


def test_half_written_tree_under_its_final_name_is_written_anew(tmp_path: Path) -> None:
    """A disk that lost a file of a tree (a copy gone wrong, a restored backup) does not make it current."""
    stage, folder = GitStage(tmp_path), tmp_path / "pub"
    sha = stage.commit(sample_files("one"))
    (folder / "revisions" / sha / "scoring").mkdir(parents=True)
    (folder / "revisions" / sha / "scoring" / "rules.yaml").write_text("half")
    assert follow_once(str(stage.bare), folder).revision == sha
    assert assert_whole(folder) == sha


def test_second_follower_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    """Two followers never fight, and the lock of a killed one is free."""
    stage, folder = GitStage(tmp_path), tmp_path / "pub"
    stage.commit(sample_files("one"))
    follower = start_follower(stage, folder)
    assert follower.stdout is not None
    follower.stdout.readline()
    with pytest.raises(MergecellsError, match="Another process"):
        follow_once(str(stage.bare), folder)
    follower.kill()
    follower.wait()
    follower.stdout.close()
    assert follow_when_free(stage, folder).kind == "unchanged"


def test_follower_and_service_through_good_bad_rollback_and_force_push(tmp_path: Path) -> None:
    """The service runs what the branch's newest good commit says, whatever the branch does."""
    stage, folder = GitStage(tmp_path), tmp_path / "pub"
    first = stage.commit(sample_files("one"))
    follow_once(str(stage.bare), folder)
    stop, steps = threading.Event(), list[FollowStep | MergecellsError]()
    follower = threading.Thread(
        target=follow_branch,
        args=(str(stage.bare), folder),
        kwargs={"interval": 0.02, "stop": stop, "report": steps.append},
    )
    follower.start()
    try:
        with mergecells.open(folder / "current", state_dir=tmp_path / "state", poll=0.02) as config:

            def live(revision: str, marker: str) -> None:
                wait_for(lambda: config.current.revision == revision)
                assert markers_of(config.current) == {marker}
                assert config.current.score({"years": 1}).revision == revision

            live(first, "one")
            second = stage.commit(sample_files("two"))
            live(second, "two")
            stage.commit(bad_files("bad"))
            wait_for(lambda: any(isinstance(step, FollowStep) and step.rejected for step in steps))
            live(second, "two")
            wait_for(lambda: config.status.unpublished)
            assert config.status.unpublished is not None
            assert config.status.unpublished.revision == stage.head()
            assert "rule.weight-sum" in config.status.unpublished.reason
            assert config.status.status == "ok"
            stage.push(first)
            live(first, "one")
            wait_for(lambda: config.status.unpublished is None)
            stage.run("checkout", "-q", "--orphan", "elsewhere")
            live(stage.commit(sample_files("three")), "three")
            assert config.status.loaded_from == "bundle"
    finally:
        stop.set()
        follower.join()


def test_service_killed_hard_starts_again_with_what_it_served(tmp_path: Path) -> None:
    """kill -9 of the service; the newest config turns bad meanwhile; the last known good serves after the start."""
    stage, folder, state = GitStage(tmp_path), tmp_path / "pub", tmp_path / "state"
    sha = stage.commit(sample_files("one"))
    follow_once(str(stage.bare), folder)
    program = """
import sys, time, mergecells
config = mergecells.open(sys.argv[1], state_dir=sys.argv[2])
print(config.current.revision, flush=True)
time.sleep(60)
"""
    command = [sys.executable, "-c", program, str(folder / "current"), str(state)]
    service = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert service.stdout is not None
    assert service.stdout.readline().strip() == sha
    service.kill()
    service.wait()
    service.stdout.close()
    (folder / "current").unlink()
    with mergecells.open(folder / "current", state_dir=state, poll=0.02) as config:
        assert (config.current.revision, config.status.status) == (sha, "unreadable")
        follow_once(str(stage.bare), folder)
        wait_for(lambda: config.status.status == "ok")
