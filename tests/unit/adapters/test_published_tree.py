"""Publishing leaves a whole tree current at every step, on disk before the link moves."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.config_samples import revision_of, sample_files, sealed_tree
from mergecells.adapters.published_tree import PublishedTrees
from mergecells.domain.config_tree import ConfigTree
from mergecells.domain.errors import MergecellsError
from mergecells.serving.bundle import load_bundle

ONE, TWO, THREE = (revision_of(number) for number in (1, 2, 3))


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_published_tree_is_current_and_whole(tmp_path: Path) -> None:
    """`current` is a relative link to `revisions/<sha>`, with files, manifest and bundle."""
    trees = PublishedTrees(tmp_path / "pub")
    tree = sealed_tree("one", ONE)
    trees.publish(tree)
    assert trees.current() == ONE
    assert os.readlink(tmp_path / "pub" / "current") == f"revisions/{ONE}"
    assert next(trees.recent()) == tree
    assert load_bundle(next(trees.recent())).rules.rules.version == "one"


def test_publishing_keeps_old_trees_and_prunes_older_ones(tmp_path: Path) -> None:
    """The trees that were current last stay; what is far back goes, and nothing half made is left."""
    trees = PublishedTrees(tmp_path, keep=3)
    for number in range(1, 8):
        trees.publish(sealed_tree("m", revision_of(number)))
    assert names(tmp_path / "revisions") == [revision_of(number) for number in (4, 5, 6, 7)]
    assert [tree.revision for tree in trees.recent()] == [revision_of(number) for number in (7, 6, 5, 4)]


def test_publishing_an_older_revision_again_makes_it_current(tmp_path: Path) -> None:
    """A rollback swaps back to a tree that is there already."""
    trees = PublishedTrees(tmp_path)
    for revision in (ONE, TWO, ONE):
        trees.publish(sealed_tree("m", revision))
    assert trees.current() == ONE
    assert names(tmp_path / "revisions") == [ONE, TWO]


def test_damaged_tree_is_replaced_by_a_whole_one(tmp_path: Path) -> None:
    """A tree that somebody edited is not trusted for its name."""
    trees = PublishedTrees(tmp_path)
    trees.publish(sealed_tree("one", ONE))
    rules = tmp_path / "revisions" / ONE / "scoring" / "rules.yaml"
    rules.chmod(0o644)
    rules.write_text("half")
    trees.publish(sealed_tree("one", ONE))
    assert load_bundle(next(trees.recent())).rules.rules.version == "one"


def test_leftovers_of_a_killed_publisher_are_removed_and_never_in_the_way(tmp_path: Path) -> None:
    """Half-made trees and links of another process go at the next start; `current` does not change."""
    trees = PublishedTrees(tmp_path)
    trees.publish(sealed_tree("one", ONE))
    (tmp_path / "revisions" / f".tmp-{TWO}-1-aa").mkdir()
    (tmp_path / "revisions" / f".tmp-{TWO}-1-aa" / "half").write_text("x")
    (tmp_path / ".tmp-current-1-aa").symlink_to(f"revisions/{TWO}")
    assert trees.prepare() == 2
    assert trees.current() == ONE
    trees.publish(sealed_tree("two", TWO))
    assert names(tmp_path) == ["current", "revisions"]
    assert names(tmp_path / "revisions") == [ONE, TWO]


def test_second_publisher_is_told_that_there_is_one(tmp_path: Path) -> None:
    """Two followers on one folder do not fight."""
    with PublishedTrees(tmp_path).locked():
        second = PublishedTrees(tmp_path).locked()
        with pytest.raises(MergecellsError, match="Another process"):
            second.__enter__()
    with PublishedTrees(tmp_path).locked():
        pass


@pytest.mark.parametrize("path", ["../outside", "/absolute", "a/../../b", ".git/hooks/x", "a\\b"])
def test_path_that_leaves_the_tree_is_not_published(tmp_path: Path, path: str) -> None:
    """Whatever a commit names its files, nothing is written outside the new tree."""
    with pytest.raises(MergecellsError, match="cannot be published"):
        PublishedTrees(tmp_path / "pub").publish(ConfigTree(ONE, {path: b"x"}))
    assert names(tmp_path) == []


@pytest.mark.parametrize("revision", ["..", "a/b", ".hidden", ""])
def test_revision_that_is_no_folder_name_is_not_published(tmp_path: Path, revision: str) -> None:
    """The name of a tree is a name, not a path."""
    with pytest.raises(MergecellsError):
        PublishedTrees(tmp_path).publish(ConfigTree(revision, sample_files()))


def test_full_disk_leaves_current_and_no_half_tree(tmp_path: Path) -> None:
    """A write that cannot be finished is told in words, and the next one succeeds."""
    trees = PublishedTrees(tmp_path)
    trees.publish(sealed_tree("one", ONE))
    program = f"""
import resource, signal
from pathlib import Path
from fakes.config_samples import sealed_tree
from mergecells.adapters.published_tree import PublishedTrees
from mergecells.domain.errors import MergecellsError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))
try:
    PublishedTrees(Path({str(tmp_path)!r})).publish(sealed_tree("two", {TWO!r}))
except MergecellsError as error:
    print(error)
"""
    said = _python(program).stdout
    assert "Cannot publish" in said
    assert trees.current() == ONE
    assert names(tmp_path / "revisions") == [ONE]
    trees.publish(sealed_tree("two", TWO))
    assert trees.current() == TWO


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
@pytest.mark.needs("mount")
def test_really_full_file_system_leaves_current_and_recovers(tmp_path: Path) -> None:
    """ENOSPC from a file system of 200 KB: a clear error, the old tree current, and success once there is room."""
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(tmp_path)], check=False)
    if done.returncode:
        pytest.skip("this environment lets nobody mount")
    try:
        trees = PublishedTrees(tmp_path)
        trees.publish(sealed_tree("one", ONE))
        filler = tmp_path / "filler"
        _fill(filler)
        with pytest.raises(MergecellsError, match="disk is full"):
            trees.publish(sealed_tree("two", TWO))
        assert trees.current() == ONE
        assert names(tmp_path / "revisions") == [ONE]
        filler.unlink()
        trees.publish(sealed_tree("two", TWO))
        assert trees.current() == TWO
    finally:
        subprocess.run(["umount", "-l", str(tmp_path)], check=True)


@pytest.mark.needs("strace")
def test_every_file_and_folder_is_synced_before_the_link_moves_and_the_parent_after(tmp_path: Path) -> None:
    """The order of system calls: fsync of each file and folder, rename of the tree, fsync of its parent, the new link,
    fsync, rename over `current`, fsync. A power cut at any point leaves a whole tree current."""
    program = f"""
from pathlib import Path
from fakes.config_samples import sealed_tree
from mergecells.adapters.published_tree import PublishedTrees
PublishedTrees(Path({str(tmp_path)!r})).publish(sealed_tree("one", {ONE!r}))
"""
    log = tmp_path / "strace.log"
    calls = "trace=fsync,rename,renameat,renameat2,symlink,symlinkat"
    done = _python(program, "strace", "-f", "-y", "-qq", "-e", calls, "-o", str(log))
    if done.returncode:
        pytest.skip(f"strace cannot trace here: {done.stderr[-200:]}")
    lines = [line for line in log.read_text().splitlines() if str(tmp_path) in line]
    moved = next(at for at, line in enumerate(lines) if re.search(r"rename\w*\(.*revisions/\.tmp-.*/" + ONE, line))
    swapped = next(at for at, line in enumerate(lines) if re.search(r"rename\w*\(.*/\.tmp-current.*/current\"", line))
    linked = next(at for at, line in enumerate(lines) if "symlink" in line)
    synced = [re.search(r"fsync\(\d+<([^>]*)>", line) for line in lines]
    before = {match[1] for match in synced[:moved] if match}
    tree = next(path for path in before if path.endswith("scoring/rules.yaml")).removesuffix("/scoring/rules.yaml")
    expected = {*sample_files(), ".mergecells/manifest.json", ".mergecells/bundle.jsonl"}
    folders = {"", "/scoring", "/scoring/verticals", "/.mergecells"}
    assert before >= {f"{tree}/{name}" for name in expected} | {tree + folder for folder in folders}
    assert moved < linked < swapped
    assert str(tmp_path / "revisions") in {match[1] for match in synced[moved:linked] if match}
    assert str(tmp_path) in {match[1] for match in synced[linked:swapped] if match}
    assert str(tmp_path) in {match[1] for match in synced[swapped:] if match}


def test_rejection_lines_are_appended(tmp_path: Path) -> None:
    """What was refused is remembered beside the trees."""
    trees = PublishedTrees(tmp_path)
    assert trees.rejections() == []
    trees.record_rejection('{"revision": "a"}')
    trees.record_rejection('{"revision": "b"}')
    assert trees.rejections() == ['{"revision": "a"}', '{"revision": "b"}']


def test_rejections_stay_bounded_whoever_pushes_what(tmp_path: Path) -> None:
    """Broken commits by the hundred, each with long findings: the newest stay, within a megabyte."""
    trees = PublishedTrees(tmp_path)
    for number in range(130):
        trees.record_rejection(f'{{"revision": "{number}"}}')
    assert trees.rejections() == [f'{{"revision": "{number}"}}' for number in range(30, 130)]
    trees.record_rejection("x" * 700_000)
    trees.record_rejection("y" * 700_000)
    assert [line[0] for line in trees.rejections()] == ["y"]


def _fill(filler: Path) -> None:
    handle = os.open(filler, os.O_WRONLY | os.O_CREAT)
    with pytest.raises(OSError, match="No space left"):
        _write_on_and_on(handle)
    os.close(handle)


def _write_on_and_on(handle: int) -> None:
    for _ in range(1000):
        os.write(handle, b"x" * 4096)


def _python(program: str, *before: str) -> subprocess.CompletedProcess[str]:
    tests = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join(path for path in (os.environ.get("PYTHONPATH"), tests) if path)
    environment = os.environ | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [*before, sys.executable, "-c", program]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_limits_of_this_process_are_untouched() -> None:
    """The size limit of the full-disk test holds in its own process only."""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
