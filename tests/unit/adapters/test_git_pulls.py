"""LocalPulls where git itself matters: races, merges, clones, damage."""

from __future__ import annotations

import multiprocessing
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mergecells.adapters.git_repository import GitRepository
from mergecells.adapters.local_pulls import LocalPulls
from mergecells.domain.errors import HeadMovedError, MergecellsError, UsageError
from mergecells.domain.identity import Identity
from mergecells.domain.pulls import Proposal, PullRequest

ADA, BOB = "Ada Lovelace <ada@example.org>", "Bob <bob@example.org>"
ROOT = Identity("Root", "root@example.org")
RULES = "scoring/rules.yaml"


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=Zoe", "-c", "user.email=zoe@example.org", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    path = tmp_path / "leads.git"
    repository = GitRepository.init_bare(path)
    files = {"mergecells.yaml": b"version: 1\n", "README.md": b"no config\n", RULES: b"a: 1\nb: 2\nc: 3\nd: 4\ne: 5\n"}
    repository.update_ref("refs/heads/main", repository.commit_files(files, [], "First", ROOT), None)
    return path


def propose(bare: Path, content: bytes = b"a: 5\nb: 2\nc: 3\nd: 4\ne: 5\n", source: str = "leads.xlsx") -> PullRequest:
    host = LocalPulls(bare)
    return host.propose(
        Proposal(
            source=source,
            branch="main",
            title=f"Change of {source}",
            body="Because.",
            author=ADA,
            files={RULES: content},
            expected_head=host.head("main"),
        )
    )


def test_merge_is_a_real_merge_commit_that_clone_log_and_show_understand(bare: Path, tmp_path: Path) -> None:
    """Two parents, people and times real, trailers readable; a clone has the file; fsck is content."""
    base = LocalPulls(bare).head("main")
    pull = propose(bare)
    LocalPulls(bare).approve(1, BOB)
    merged = LocalPulls(bare).merge(1, BOB)
    git(tmp_path, "clone", "--quiet", str(bare), "clone")
    clone = tmp_path / "clone"
    assert (clone / RULES).read_bytes().startswith(b"a: 5\n")
    assert git(clone, "log", "-1", "--format=%H %P") == f"{merged.merge_revision} {base} {pull.head_revision}"
    assert (
        git(clone, "log", "-1", "--format=%an <%ae>|%cn <%ce>|%s") == f"{BOB}|{BOB}|Merge pull request #1: {pull.title}"
    )
    assert git(clone, "log", "-1", "--format=%an <%ae>", pull.head_revision) == ADA
    trailers = git(clone, "log", "-1", "--format=%(trailers)").splitlines()
    assert trailers == [f"Submitted-by: {ADA}", f"Approved-by: {BOB}"]
    when = datetime.fromisoformat(git(clone, "log", "-1", "--format=%cI"))
    assert abs((datetime.now(UTC) - when).total_seconds()) < 60
    assert "+a: 5" in git(clone, "show", "-m", "--first-parent", "HEAD")
    git(bare, "fsck", "--strict")
    git(clone, "fetch", "--quiet", "origin", "refs/pull/1/head")


def test_read_files_leaves_out_what_is_no_config(bare: Path) -> None:
    """A README or code beside the config is not part of it."""
    assert set(LocalPulls(bare).read_files("main")) == {"mergecells.yaml", RULES}


def test_read_files_includes_what_the_manifest_names(bare: Path) -> None:
    """A team's own tab may keep its rows anywhere in the config root."""
    repository = GitRepository(bare)
    manifest = b"version: 1\ntabs:\n  - {tab: Fees, file: data/fees.yaml, key: fee, columns: [amount]}\n"
    files = {"mergecells.yaml": manifest, "data/fees.yaml": b"x: 1\n", "data/else.yaml": b"y: 1\n"}
    commit = repository.commit_files(files, [repository.head("main")], "Tab", ROOT)
    assert set(LocalPulls(bare).read_files(commit)) == {"mergecells.yaml", RULES, "data/fees.yaml"}


def test_merge_in_the_same_file_on_other_lines_keeps_both(bare: Path) -> None:
    """git's merge goes by lines, so two requests against one file can both be merged."""
    propose(bare, b"a: 5\nb: 2\nc: 3\nd: 4\ne: 5\n", "one.xlsx")
    propose(bare, b"a: 1\nb: 2\nc: 3\nd: 4\ne: 9\n", "two.xlsx")
    host = LocalPulls(bare)
    host.merge(1, BOB)
    host.merge(2, BOB)
    assert host.read_files("main")[RULES] == b"a: 5\nb: 2\nc: 3\nd: 4\ne: 9\n"


def test_request_merged_with_plain_git_counts_as_merged(bare: Path, tmp_path: Path) -> None:
    """Somebody merged `refs/pull/1/head` in a clone and pushed: shown as merged, by them, and not merged again."""
    propose(bare)
    git(tmp_path, "clone", "--quiet", str(bare), "clone")
    clone = tmp_path / "clone"
    git(clone, "fetch", "--quiet", "origin", "refs/pull/1/head")
    git(clone, "merge", "--quiet", "--no-ff", "-m", "By hand", "FETCH_HEAD")
    git(clone, "push", "--quiet", "origin", "main")
    pull = LocalPulls(bare).show(1)
    assert (pull.state, pull.merged_by) == ("merged", "Zoe <zoe@example.org>")
    assert pull.merge_revision == LocalPulls(bare).head("main")
    assert LocalPulls(bare).pulls() == []
    with pytest.raises(MergecellsError, match="merged already"):
        LocalPulls(bare).merge(1, BOB)


def test_head_without_record_after_a_power_cut_does_not_block_numbers(bare: Path) -> None:
    """The head ref was written, the record not: the next request takes the next number."""
    repository = GitRepository(bare)
    repository.update_ref("refs/pull/1/head", repository.head("main"), None)
    assert propose(bare).number == 2


def test_story_of_every_request_is_readable_with_git_log(bare: Path) -> None:
    """One commit for each step, by the person who took it, newest first; it does not run on into the branch."""
    propose(bare)
    LocalPulls(bare).approve(1, BOB)
    LocalPulls(bare).merge(1, BOB)
    story = git(bare, "log", "--first-parent", "--format=%an: %s", "refs/mergecells/pulls").splitlines()
    assert story == [
        "Bob: Merge #1: Change of leads.xlsx",
        "Bob: Approve #1: Change of leads.xlsx",
        "Ada Lovelace: Open #1: Change of leads.xlsx",
        "Ada Lovelace: Pull requests of this repository",
    ]


def test_old_heads_survive_garbage_collection(bare: Path) -> None:
    """What was approved can be looked at after later updates and `git gc --prune=now`."""
    first = propose(bare)
    propose(bare, b"a: 6\nb: 2\nc: 3\nd: 4\ne: 5\n")
    git(bare, "gc", "--quiet", "--prune=now")
    assert "+a: 5" in git(bare, "show", first.head_revision)
    assert LocalPulls(bare).show(1).head_revision != first.head_revision


def test_damaged_record_is_named_with_the_way_back(bare: Path) -> None:
    """A record that is no JSON gives an error that says where its earlier states are."""
    propose(bare)
    repository = GitRepository(bare)
    old = repository.refs("refs/mergecells/")["refs/mergecells/pulls"]
    repository.update_ref("refs/mergecells/pulls", repository.commit_files({"1.json": b"{"}, [old], "x", ROOT), old)
    with pytest.raises(MergecellsError, match=r"#1 .* damaged") as error:
        LocalPulls(bare).pulls()
    assert "git log -p" in error.value.hint


def _submit_for_ever(bare: str) -> None:
    for number in range(1_000):
        propose(Path(bare), f"a: {number}\nb: 2\nc: 3\nd: 4\ne: 5\n".encode(), f"w{number}")


def test_writer_killed_at_any_moment_leaves_a_sound_repository(bare: Path) -> None:
    """kill -9 in the midst of submitting, at several moments: every number there is whole, and the next one works."""
    context = multiprocessing.get_context("fork")
    for tenths in (1, 2, 3, 4):
        writer = context.Process(target=_submit_for_ever, args=(str(bare),))
        writer.start()
        writer.join(0.05 + tenths * 0.037)
        writer.kill()
        writer.join(10)
    assert propose(bare, b"a: last\nb: 2\nc: 3\nd: 4\ne: 5\n", "last.xlsx").state == "open"
    pulls = LocalPulls(bare).pulls()
    assert sorted(pull.number for pull in pulls) == list(range(1, len(pulls) + 1))
    for pull in pulls:
        assert LocalPulls(bare).resolve(f"pull/{pull.number}") == pull.head_revision
    git(bare, "fsck", "--strict")


def test_left_over_lock_file_is_told_at_once(bare: Path) -> None:
    """git was killed while it moved the branch: no endless retry, the file to remove is named; then it goes on."""
    propose(bare)
    lock = bare / "refs" / "heads" / "main.lock"
    lock.write_text("")
    with pytest.raises(MergecellsError, match="is locked") as error:
        LocalPulls(bare).merge(1, BOB)
    assert "refs/heads/main.lock" in error.value.message
    assert "remove that file" in error.value.hint
    lock.unlink()
    assert LocalPulls(bare).merge(1, BOB).state == "merged"


def test_checkout_as_host_is_refused(bare: Path, tmp_path: Path) -> None:
    """Moving the branch of a checkout under its files would make them look edited."""
    git(tmp_path, "clone", "--quiet", str(bare), "clone")
    with pytest.raises(UsageError, match="bare"):
        LocalPulls(tmp_path / "clone")


@pytest.mark.parametrize("branch", ["--upload-pack=x", "nope", "../../HEAD", "main^{tree}", "a b", "main\nx"])
def test_hostile_branch_name_is_refused(bare: Path, branch: str) -> None:
    """A branch name never becomes an option, a path or a second command."""
    host = LocalPulls(bare)
    with pytest.raises(MergecellsError):
        host.propose(
            Proposal(
                source="s", branch=branch, title="t", body="", author=ADA, files={RULES: b"x"}, expected_head="0" * 40
            )
        )
    assert host.pulls("all") == []


def _submit_two(bare: str, source: str) -> None:
    propose(Path(bare), f"a: {source}\nb: 2\nc: 3\nd: 4\ne: 5\n".encode(), source)
    propose(Path(bare), f"a: {source}!\nb: 2\nc: 3\nd: 4\ne: 5\n".encode(), source)


def test_sixteen_processes_submitting_at_once_lose_nothing(bare: Path) -> None:
    """Sixteen workbooks, two submissions each: sixteen numbers, each with its last content."""
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_submit_two, args=(str(bare), f"w{n}")) for n in range(16)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * 16
    pulls = LocalPulls(bare).pulls()
    assert sorted(pull.number for pull in pulls) == list(range(1, 17))
    assert {pull.source for pull in pulls} == {f"w{n}" for n in range(16)}
    for pull in pulls:
        assert LocalPulls(bare).read_files(pull.head_revision)[RULES].startswith(f"a: {pull.source}!\n".encode())
    git(bare, "fsck", "--strict")


def _merge(bare: str, number: int, results: multiprocessing.Queue[str]) -> None:  # type: ignore[type-arg]
    try:
        results.put(LocalPulls(Path(bare)).merge(number, BOB).merge_revision or "")
    except MergecellsError as error:
        results.put(type(error).__name__)


def test_one_request_merged_by_eight_at_once_is_merged_once(bare: Path) -> None:
    """One winner, the others are told that it was merged already."""
    propose(bare)
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    workers = [context.Process(target=_merge, args=(str(bare), 1, results)) for _ in range(8)]
    for worker in workers:
        worker.start()
    told = [results.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join(60)
    assert sorted(told, key=len)[-1] == LocalPulls(bare).head("main")
    assert told.count("MergecellsError") == 7
    assert git(bare, "rev-list", "--count", "--merges", "main") == "1"


def test_compare_and_swap_holds_without_the_queue(bare: Path) -> None:
    """The lock file only avoids retries: a record written between reading and writing is never overwritten."""
    host = LocalPulls(bare)
    propose(bare)
    intruded = False

    def clock() -> str:
        nonlocal intruded
        if not intruded:
            intruded = True
            old = host.repository.refs("refs/mergecells/")["refs/mergecells/pulls"]
            new = host.repository.commit_files({"note.txt": b"kept"}, [old], "Another writer", ROOT)
            host.repository.update_ref("refs/mergecells/pulls", new, old)
        return "2026-01-01T00:00:00Z"

    LocalPulls(bare, clock=clock).approve(1, BOB)
    tip = host.repository.refs("refs/mergecells/")["refs/mergecells/pulls"]
    assert host.repository.read_files(tip)["note.txt"] == b"kept"
    assert [approval.by for approval in host.show(1).approvals] == [BOB]


def test_branch_that_moves_while_proposing_is_noticed(bare: Path) -> None:
    """Main moves between the look at it and the write: the proposal is refused, nothing is left behind."""
    host = LocalPulls(bare)
    base = host.head("main")

    def clock() -> str:
        if host.head("main") == base:
            new = host.repository.commit_files({"x": b"1"}, [base], "Straight", ROOT)
            host.repository.update_ref("refs/heads/main", new, base)
        return "2026-01-01T00:00:00Z"

    proposal = Proposal(
        source="s", branch="main", title="t", body="", author=ADA, files={RULES: b"x: 1\n"}, expected_head=base
    )
    with pytest.raises(HeadMovedError):
        LocalPulls(bare, clock=clock).propose(proposal)
    assert LocalPulls(bare).pulls("all") == []
