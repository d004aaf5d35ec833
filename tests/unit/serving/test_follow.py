"""The follower on a real repository: what is published, what is refused, and what a mistake cannot stop."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fakes.config_samples import GitStage, sample_files, write_files
from fakes.fake_clock import FakeClock
from mergecells.adapters.published_source import GitBranch
from mergecells.adapters.published_tree import PublishedTrees
from mergecells.domain.errors import MergecellsError
from mergecells.domain.findings import Finding
from mergecells.domain.revision import Files
from mergecells.formula import parse
from mergecells.formula.remembered import GENERATIONS, remembered_count
from mergecells.serving.bundle import read_manifest
from mergecells.serving.follow import Follower, FollowStep, run_follower
from mergecells.serving.rejections import Rejections, read_rejections, refused_head


class Stage(GitStage):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.trees = PublishedTrees(folder / "pub")
        self.checked: list[str] = []
        self.mirror = folder / "mirror.git"

    def follower(self, repository: str | None = None) -> Follower:
        source = GitBranch(repository or str(self.bare), "main", self.mirror)
        return Follower(source, self.trees, Rejections(self.trees), self.check, FakeClock())

    def check(self, files: Files) -> list[Finding]:
        marker = files["scoring/rules.yaml"].decode().split('"')[1]
        self.checked.append(marker)
        # Something that only the full check knows: nothing else here could refuse these files.
        return [Finding(code="example.mismatch", message="No.")] if marker.startswith("bad") else []

    def published(self) -> list[str]:
        return [tree.revision for tree in self.trees.recent()]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_follower_publishes_the_branch_and_then_rests(stage: Stage) -> None:
    """One look publishes, the next finds nothing to do and checks nothing."""
    sha = stage.commit(sample_files() | {"readme.md": b"not config"})
    follower = stage.follower()
    step = follower.step()
    assert (step.kind, step.revision, step.head) == ("published", sha, sha)
    assert follower.step().kind == "unchanged"
    assert stage.follower().step().kind == "unchanged"
    tree = next(stage.trees.recent())
    manifest = read_manifest(tree)
    assert manifest is not None
    assert (manifest.sha, manifest.ref, manifest.generation, manifest.parent) == (sha, "main", 1, None)
    assert tree.files == sample_files()
    assert stage.checked == ["one"]


def test_bad_revision_is_refused_remembered_and_stops_no_later_one(stage: Stage) -> None:
    """Not published, written down with its findings, not checked again, and the next good one goes live."""
    good = stage.commit(sample_files("one"))
    stage.follower().step()
    bad = stage.commit(sample_files("bad two"))
    follower = stage.follower()
    step = follower.step()
    assert (step.kind, step.revision) == ("rejected", good)
    assert follower.step().kind == "unchanged"
    assert stage.follower().step().kind == "unchanged"
    (entry,) = read_rejections(stage.trees)
    assert (entry.revision, entry.findings[0].code) == (bad, "example.mismatch")
    better = stage.commit(sample_files("three"))
    assert follower.step().revision == better
    assert stage.checked == ["one", "bad two", "three"]


def test_good_revision_below_a_bad_head_is_published(stage: Stage) -> None:
    """Two merges between two looks, the newer bad: the older one is the newest good."""
    stage.commit(sample_files("one"))
    follower = stage.follower()
    follower.step()
    good = stage.commit(sample_files("two"))
    stage.commit(sample_files("bad three"))
    step = follower.step()
    assert (step.kind, step.revision) == ("published", good)
    assert [entry.reason for entry in step.rejected]


def test_rollback_and_force_push_are_followed(stage: Stage) -> None:
    """The branch decides, wherever it goes: back to an older commit, or to another history."""
    first = stage.commit(sample_files("one"))
    follower = stage.follower()
    follower.step()
    stage.commit(sample_files("two"))
    follower.step()
    stage.push(first)
    assert follower.step().revision == first
    stage.run("checkout", "-q", "--orphan", "other")
    other = stage.commit(sample_files("three"))
    assert follower.step().revision == other
    assert stage.trees.current() == other


def test_generations_count_publications_also_of_a_rollback(stage: Stage) -> None:
    """Which publication is the later one can be told even when the commit is older."""
    first = stage.commit(sample_files("one"))
    follower = stage.follower()
    follower.step()
    stage.commit(sample_files("two"))
    follower.step()
    stage.push(first)
    follower.step()
    manifest = read_manifest(next(stage.trees.recent()))
    assert manifest is not None
    assert (manifest.sha, manifest.generation) == (first, 3)


def test_address_is_mirrored_and_followed(stage: Stage) -> None:
    """A repository behind an address is fetched, forced updates included, and a broken mirror is made anew."""
    first = stage.commit(sample_files("one"))
    follower = stage.follower(f"file://{stage.bare}")
    assert follower.step().revision == first
    second = stage.commit(sample_files("two"))
    assert follower.step().revision == second
    (stage.mirror / "refs" / "mergecells" / "fetched" / "main.lock").write_text("")
    stage.push(first)
    assert follower.step().revision == first


def test_damaged_current_tree_is_mended_at_the_start(stage: Stage, tmp_path: Path) -> None:
    """An edit in place of what is published does not outlive the follower's next start."""
    sha = stage.commit(sample_files("one"))
    stage.follower().step()
    rules = tmp_path / "pub" / "revisions" / sha / "scoring" / "rules.yaml"
    rules.chmod(0o644)
    rules.write_text("broken")
    assert stage.follower().step().kind == "published"
    assert rules.read_bytes() == sample_files("one")["scoring/rules.yaml"]


def test_link_in_a_commit_is_refused(stage: Stage) -> None:
    """A symlink that leaves the tree is never published, wherever it leads."""
    good = stage.commit(sample_files())
    follower = stage.follower()
    follower.step()
    os.symlink("/etc/passwd", stage.work / "scoring" / "verticals" / "out.yaml")
    stage.run("add", "-A")
    stage.run("commit", "-qm", "link")
    stage.push()
    step = follower.step()
    assert (step.kind, step.revision) == ("rejected", good)
    assert step.rejected[0].findings[0].code == "security.symlink"


MEGABYTE = 1024 * 1024
HOSTILE = {
    "huge file": ({"scoring/huge.yaml": b"#" * (17 * MEGABYTE)}, "schema.too-large"),
    "too many files": ({f"scoring/verticals/v{number}.yaml": b"" for number in range(20_001)}, "schema.too-large"),
    "unusable path": ({"scoring/a\\b.yaml": b"x"}, "security.path"),
}


@pytest.mark.parametrize(("files", "code"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_commit_is_recorded_as_refused_and_tried_once(stage: Stage, files: Files, code: str) -> None:
    """What can never be read safely is a property of the commit: remembered with its reason, a later one goes live."""
    good = stage.commit(sample_files())
    follower = stage.follower()
    follower.step()
    hostile = _commit_objects(stage, good, {**sample_files(), **files})
    step = follower.step()
    assert (step.kind, step.revision, step.head) == ("rejected", good, hostile)
    assert {finding.code for finding in step.rejected[0].findings} == {code}
    assert [entry.revision for entry in read_rejections(stage.trees)] == [hostile]
    assert stage.follower().step().kind == "unchanged"
    later = stage.commit(sample_files("two"))
    assert follower.step().revision == later


def test_path_that_climbs_out_of_the_tree_is_never_read_nor_written(stage: Stage) -> None:
    """Git objects can name `..`, which no honest git writes: it is no config file, and nothing appears outside."""
    climbing = {"scoring/../../../out.yaml": b"x", "scoring/.git/config": b"x"}
    sha = _commit_objects(stage, stage.commit(sample_files()), {**sample_files("two"), **climbing})
    assert stage.follower().step().revision == sha
    assert next(stage.trees.recent()).files == sample_files("two")
    assert not list(stage.trees.folder.parent.rglob("out.yaml"))


def _commit_objects(stage: Stage, parent: str, files: Files) -> str:
    """A commit with any paths at all, made of git objects and put on the branch."""
    scratch, repository = stage.work.parent / "object", stage.bare
    blobs: dict[bytes, str] = {}

    def write(kind: str, content: bytes) -> str:
        scratch.write_bytes(content)
        return stage.run("hash-object", "-t", kind, "-w", "--literally", str(scratch), at=repository)

    def tree(under: dict[tuple[str, ...], bytes]) -> str:
        folders: dict[str, dict[tuple[str, ...], bytes]] = {}
        entries = {}
        for (name, *rest), content in under.items():
            if rest:
                folders.setdefault(name, {})[tuple(rest)] = content
            else:
                blobs[content] = blobs.get(content) or write("blob", content)
                entries[name] = ("100644", blobs[content])
        entries |= {name: ("40000", tree(inner)) for name, inner in folders.items()}
        order = sorted(entries, key=lambda name: name + "/" * (name in folders))
        return write("tree", b"".join(f"{entries[n][0]} {n}\0".encode() + bytes.fromhex(entries[n][1]) for n in order))

    top = tree({tuple(path.split("/")): content for path, content in files.items()})
    commit = stage.run("commit-tree", top, "-p", parent, "-m", "hostile", at=repository)
    stage.run("update-ref", "refs/heads/main", commit, at=repository)
    return commit


def test_config_in_a_folder_of_the_repository_is_found_by_its_manifest(stage: Stage, tmp_path: Path) -> None:
    """A repository of many things: the one folder with a manifest beside rules is the config root."""
    nested = {f"teams/leads/{name}": content for name, content in sample_files("deep").items()}
    nested |= {"teams/leads/mergecells.yaml": b"version: 1\n", "schemas/other.json": b"{}"}
    sha = stage.commit(nested)
    assert stage.follower().step().revision == sha
    tree = next(stage.trees.recent())
    assert tree.files == sample_files("deep") | {"mergecells.yaml": b"version: 1\n"}
    stage.commit(nested | {f"teams/sales/{name}": content for name, content in sample_files("other").items()})
    with pytest.raises(MergecellsError, match=r"several configs.*teams/leads, teams/sales.*--root"):
        stage.follower().step()
    source = GitBranch(str(stage.bare), "main", stage.mirror, "teams/sales/")
    follower = Follower(source, PublishedTrees(tmp_path / "sales"), Rejections(stage.trees), stage.check, FakeClock())
    assert follower.step().kind == "published"
    assert next(PublishedTrees(tmp_path / "sales").recent()).files == sample_files("other")


def test_checkout_folder_of_a_repository_is_followed_from_there(stage: Stage) -> None:
    """`follow repo/teams/leads`: the folder that was named is the config root, the commit that of the repository."""
    sha = stage.commit({f"teams/leads/{name}": content for name, content in sample_files("deep").items()})
    assert stage.follower(str(stage.work / "teams" / "leads")).step().revision == sha
    assert next(stage.trees.recent()).files == sample_files("deep")


def test_services_are_told_where_the_branch_is_and_why_it_is_not_published(stage: Stage) -> None:
    """`head.json` follows the branch: a refused head with its reason, and nothing once the head is published."""
    good = stage.commit(sample_files())
    follower = stage.follower()
    follower.step()
    place = stage.trees.folder / "head.json"
    assert refused_head(place.read_text()) is None
    bad = stage.commit(sample_files("bad"))
    follower.step()
    refused = refused_head(place.read_text())
    assert refused is not None
    assert (refused.revision, refused.findings[0].code) == (bad, "example.mismatch")
    stage.push(good)
    follower.step()
    assert refused_head(place.read_text()) is None
    assert refused_head("half a li") is None


def test_commit_without_rules_is_refused(stage: Stage) -> None:
    """An emptied repository is no config."""
    good = stage.commit(sample_files())
    follower = stage.follower()
    follower.step()
    write_files(stage.work, {"readme": b"x"})
    stage.run("rm", "-rq", "scoring")
    stage.run("commit", "-qm", "empty")
    stage.push()

    def check(files: Files) -> list[Finding]:
        return []

    follower._check = check
    assert follower.step().revision == good


def test_missing_branch_and_missing_repository_are_told_in_words(stage: Stage, tmp_path: Path) -> None:
    """Nothing to follow yet is an error with a hint, not a crash."""
    with pytest.raises(MergecellsError, match="no branch 'main'"):
        stage.follower().step()
    with pytest.raises(MergecellsError):
        stage.follower(str(tmp_path / "gone")).step()


def test_running_follower_reports_a_failure_once_and_recovers(stage: Stage) -> None:
    """The branch appears while the follower runs: one message, longer pauses, then the publication."""
    told: list[FollowStep | MergecellsError] = []
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        if len(waits) == 3:
            stage.commit(sample_files())
        return len(waits) == 4

    run_follower(stage.follower(), wait, 0.25, told.append)
    assert [type(entry) for entry in told] == [MergecellsError, FollowStep]
    assert waits == [0.5, 1.0, 2.0, 0.25]


def test_rejection_line_cut_short_by_a_kill_is_passed_over(stage: Stage, tmp_path: Path) -> None:
    """Half a line in the log is no reason to stop."""
    stage.commit(sample_files())
    stage.follower().step()
    (tmp_path / "pub" / "rejected.jsonl").write_text('{"revision": "abc", "at": "n')
    bad = stage.commit(sample_files("bad"))
    assert stage.follower().step().kind == "rejected"
    assert [entry.revision for entry in read_rejections(stage.trees)] == [bad]
    assert stage.follower().step().kind == "unchanged"


def test_follower_remembers_no_formulas_of_revisions_that_are_gone(stage: Stage) -> None:
    """It runs for months, and each revision that it checks may have formulas that no other has."""
    per_revision = 50

    def check(files: Files) -> list[Finding]:
        marker = files["scoring/rules.yaml"].decode().split('"')[1]
        for number in range(per_revision):
            parse(f'=IF(a="{marker}",{number},b)')
        return []

    source = GitBranch(str(stage.bare), "main", stage.mirror)
    follower = Follower(source, stage.trees, Rejections(stage.trees), check, FakeClock())
    began = remembered_count()
    for number in range(3 * GENERATIONS):
        stage.commit(sample_files(f"marker {number}"))
        assert follower.step().kind == "published"
    assert remembered_count() - began <= GENERATIONS * per_revision
