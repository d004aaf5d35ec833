"""One folder, whatever lies there: plain, git checkout, published tree, git-sync, Kubernetes mount."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from fakes.config_samples import GitStage, revision_of, sample_files, sealed_tree, write_files
from mergecells.adapters.checkout import ConfigRoot
from mergecells.adapters.durable_files import swap_link
from mergecells.adapters.published_tree import PublishedTrees
from mergecells.domain.config_tree import TreeChangingError
from mergecells.domain.errors import ConfigRejectedError, MergecellsError
from mergecells.domain.revision import digest_files

SHA = revision_of(5)


def test_plain_folder_is_named_by_its_digest(tmp_path: Path) -> None:
    """No git anywhere: `untracked-<digest>`, and never called whole."""
    write_files(tmp_path, sample_files())
    root = ConfigRoot(tmp_path)
    assert root.read().revision == f"untracked-{digest_files(sample_files())[:12]}"
    assert root.read().files == sample_files()
    assert root.whole() is None


def test_clean_checkout_is_named_by_its_commit_and_whole(tmp_path: Path) -> None:
    """A checkout whose config files are its commit's is settled at that commit."""
    stage = GitStage(tmp_path)
    sha = stage.commit(sample_files())
    write_files(stage.work, {"notes.txt": b"not config"})
    root = ConfigRoot(stage.work)
    assert root.read().revision == sha
    assert root.whole() == sha


@pytest.mark.parametrize("change", ["edit", "add", "delete"])
def test_edited_checkout_is_dirty_and_not_whole(tmp_path: Path, change: str) -> None:
    """`<sha>-dirty-<digest>` for an edited, an added and a deleted file."""
    stage = GitStage(tmp_path)
    sha = stage.commit(sample_files())
    place = stage.work / "scoring" / "verticals"
    if change == "edit":
        (place / "small.yaml").write_text("description: x\n")
    elif change == "add":
        (place / "large.yaml").write_text("description: x\n")
    else:
        (place / "small.yaml").unlink()
    tree = ConfigRoot(stage.work).read()
    assert tree.revision == f"{sha}-dirty-{digest_files(tree.files)[:12]}"
    assert ConfigRoot(stage.work).whole() is None


def test_config_folder_inside_a_repository_is_compared_with_that_part(tmp_path: Path) -> None:
    """A config root may be a folder of a larger repository."""
    stage = GitStage(tmp_path)
    sha = stage.commit({f"teams/leads/{name}": content for name, content in sample_files().items()})
    tree = ConfigRoot(stage.work / "teams" / "leads").read()
    assert (tree.revision, tree.files) == (sha, sample_files())


def test_linked_work_tree_is_a_checkout_too(tmp_path: Path) -> None:
    """`git worktree add` leaves a file `.git`; HEAD and the commit are found through it."""
    stage = GitStage(tmp_path)
    sha = stage.commit(sample_files())
    stage.run("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    root = ConfigRoot(tmp_path / "linked")
    assert root.read().revision == sha
    before = root.fingerprint()
    other = stage.commit(sample_files("two"))
    stage.run("checkout", "-q", other, at=tmp_path / "linked")
    assert root.fingerprint() != before
    assert root.whole() == other


def test_folder_that_git_does_not_track_is_untracked(tmp_path: Path) -> None:
    """A config beside the repository's own files, never added to it, is no part of its commit."""
    stage = GitStage(tmp_path)
    stage.commit({"readme": b"x"})
    write_files(stage.work / "local", sample_files())
    assert ConfigRoot(stage.work / "local").read().revision.startswith("untracked-")


def test_published_tree_is_named_by_its_folder(tmp_path: Path) -> None:
    """`follow`'s `current`: the SHA, the files and the seal, and older trees for a bad day."""
    trees = PublishedTrees(tmp_path)
    trees.publish(sealed_tree("one", revision_of(4)))
    trees.publish(sealed_tree("two", SHA))
    root = ConfigRoot(tmp_path / "current")
    assert root.read() == sealed_tree("two", SHA)
    assert root.whole() == f"tree:{tmp_path}/revisions/{SHA}"
    assert [tree.revision for tree in root.older()] == [SHA, revision_of(4)]


@pytest.mark.parametrize("name", [f".worktrees/{SHA}", f"rev-{SHA}"])
def test_git_sync_layout_is_named_by_its_work_tree(tmp_path: Path, name: str) -> None:
    """git-sync 4 and 3, the config at the top or in a folder of the repository."""
    write_files(tmp_path / name / "configs", sample_files())
    (tmp_path / name / ".git").write_text("gitdir: ../.git/worktrees/gone\n")
    (tmp_path / "link").symlink_to(name)
    tree = ConfigRoot(tmp_path / "link" / "configs").read()
    assert (tree.revision, tree.files) == (SHA, sample_files())


def mount_config_map(folder: Path, files: dict[str, bytes], stamp: str) -> None:
    """As the kubelet writes a ConfigMap with items and paths: a new folder, a new `..data`, links for the tops."""
    write_files(folder / stamp, files)
    swap_link(folder / "..data", stamp)
    for top in {name.split("/")[0] for name in files}:
        if not (folder / top).is_symlink():
            (folder / top).symlink_to(f"..data/{top}")


def test_config_map_is_read_through_its_data_link(tmp_path: Path) -> None:
    """A swap of `..data` is one whole tree in place of another."""
    mount_config_map(tmp_path, sample_files("one"), "..2026_01_01")
    root = ConfigRoot(tmp_path)
    first, before = root.whole(), root.fingerprint()
    assert root.read().files == sample_files("one")
    assert root.read().revision.startswith("untracked-")
    mount_config_map(tmp_path, sample_files("two"), "..2026_01_02")
    assert root.fingerprint() != before
    assert root.whole() != first
    assert root.read().files == sample_files("two")


def test_config_map_with_a_sealed_tree_has_its_revision(tmp_path: Path) -> None:
    """A ConfigMap made from a published tree says which commit it is."""
    tree = sealed_tree("one", SHA)
    sealed = {f".mergecells/{name}": content for name, content in tree.sealed.items()}
    mount_config_map(tmp_path, {**tree.files, **sealed}, "..2026_01_01")
    assert ConfigRoot(tmp_path).read() == tree


def test_link_inside_a_tree_is_refused_by_name(tmp_path: Path) -> None:
    """A file or a folder that is a link is never followed, wherever it leads."""
    write_files(tmp_path / "config", sample_files())
    (tmp_path / "secret.yaml").write_text("description: secret\n")
    (tmp_path / "config" / "scoring" / "verticals" / "out.yaml").symlink_to(tmp_path / "secret.yaml")
    (tmp_path / "config" / "prompts").symlink_to(tmp_path)
    with pytest.raises(ConfigRejectedError) as caught:
        ConfigRoot(tmp_path / "config").read()
    assert {(finding.code, finding.file) for finding in caught.value.findings} == {
        ("security.symlink", "scoring/verticals/out.yaml"),
        ("security.symlink", "prompts"),
    }


def test_pipe_in_the_config_is_refused_without_waiting(tmp_path: Path) -> None:
    """Opening a named pipe would wait for its writer for ever."""
    write_files(tmp_path, sample_files())
    os.mkfifo(tmp_path / "scoring" / "pipe.yaml")
    with pytest.raises(ConfigRejectedError) as caught:
        ConfigRoot(tmp_path).read()
    assert caught.value.findings[0].file == "scoring/pipe.yaml"


def test_oversized_file_is_refused_unread(tmp_path: Path) -> None:
    """A file of 17 MB is not config."""
    write_files(tmp_path, sample_files())
    with (tmp_path / "scoring" / "large.yaml").open("wb") as sink:
        sink.truncate(17 * 1024 * 1024)
    with pytest.raises(ConfigRejectedError) as caught:
        ConfigRoot(tmp_path).read()
    assert caught.value.findings[0].code == "schema.too-large"


def test_missing_folder_is_an_error_in_words_and_a_fingerprint(tmp_path: Path) -> None:
    """It may come back: looking never raises, reading says what is wrong."""
    root = ConfigRoot(tmp_path / "gone")
    missing = root.fingerprint()
    assert root.whole() is None
    with pytest.raises(MergecellsError, match="is not there"):
        root.read()
    write_files(tmp_path / "gone", sample_files())
    assert root.fingerprint() != missing


def test_fingerprint_shows_an_edit_that_keeps_size_and_time(tmp_path: Path) -> None:
    """A time stamp set back, as a rollback by rsync or tar does, does not hide an edit: ctime tells."""
    write_files(tmp_path, sample_files())
    root = ConfigRoot(tmp_path)
    place = tmp_path / "scoring" / "rules.yaml"
    found, before = place.stat(), root.fingerprint()
    place.write_bytes(place.read_bytes().replace(b"one", b"two"))
    os.utime(place, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert place.stat().st_mtime_ns == found.st_mtime_ns
    assert root.fingerprint() != before


def test_reading_while_somebody_writes_is_whole_or_refused(tmp_path: Path) -> None:
    """A reader beside a writer gets a state that agrees with itself twice, or TreeChangingError."""
    write_files(tmp_path, sample_files("m0"))
    root, stop = ConfigRoot(tmp_path), threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            write_files(tmp_path, sample_files(f"m{number}"))

    writer = threading.Thread(target=write)
    writer.start()
    refused = 0
    try:
        for _ in range(50):
            try:
                root.read()
            except TreeChangingError:
                refused += 1
    finally:
        stop.set()
        writer.join()
    assert refused > 0
    number = root.read().files["scoring/fields.yaml"].split(b'"')[1].decode()
    assert root.read().files == sample_files(number)
