"""GitRepository on real repositories."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mergecells.adapters.git_repository import GitRepository, RefUpdate
from mergecells.domain.errors import ConfigRejectedError, HeadMovedError, MergecellsError, UnknownRevisionError
from mergecells.domain.errors import UsageError as Usage
from mergecells.domain.identity import Identity, parse_identity

ADA = Identity("Ada Lovelace", "ada@example.org")


def git(folder: Path, *arguments: str, stdin: bytes | None = None) -> str:
    settings = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    command = ["git", "-C", str(folder), *settings, *arguments]
    return subprocess.run(command, check=True, capture_output=True, input=stdin).stdout.decode().strip()


@pytest.fixture
def bare(tmp_path: Path) -> GitRepository:
    """A bare repository with one commit on main."""
    repository = GitRepository.init_bare(tmp_path / "leads.git")
    first = repository.commit_files(
        {"mergecells.yaml": b"version: 1\n", "scoring/rules.yaml": b"a: 1\r\nb: \xc3\xbc\n"}, [], "First", ADA
    )
    repository.update_ref("refs/heads/main", first, None)
    return repository


@pytest.fixture
def checkout(bare: GitRepository, tmp_path: Path) -> GitRepository:
    git(tmp_path, "clone", "--quiet", str(bare.path), "work")
    return GitRepository(tmp_path / "work")


def test_read_files_whole_commit_gives_every_byte(bare: GitRepository) -> None:
    """Contents come back as they were committed, line ends included."""
    assert bare.read_files("main") == {
        "mergecells.yaml": b"version: 1\n",
        "scoring/rules.yaml": b"a: 1\r\nb: \xc3\xbc\n",
    }


def test_read_files_prefix_gives_relative_paths(bare: GitRepository) -> None:
    """A config root in a folder of the repository reads as if it were the top; a sibling of like name is not it."""
    head = bare.head("main")
    commit = bare.commit_files({"a.yaml": b"1", "x/b.yaml": b"2"}, [head], "Folder", ADA, prefix="teams/leads")
    other = bare.commit_files({"c.yaml": b"3"}, [commit], "Sibling", ADA, prefix="teams/leads2")
    assert bare.read_files(other, "teams/leads") == {"a.yaml": b"1", "x/b.yaml": b"2"}
    assert bare.read_files(other, "teams/missing") == {}


def test_read_files_unwanted_link_is_skipped_and_wanted_link_is_refused(bare: GitRepository) -> None:
    """A link outside the config is none of our business; inside it is reported by name, never followed."""
    blob = git(bare.path, "hash-object", "-w", "--stdin", stdin=b"/etc/passwd")
    tree = git(bare.path, "mktree", stdin=f"120000 blob {blob}\trules.yaml\n".encode())
    commit = git(bare.path, "commit-tree", tree, "-m", "link")
    assert bare.read_files(commit, wanted=lambda path: path != "rules.yaml") == {}
    with pytest.raises(ConfigRejectedError) as refused:
        bare.read_files(commit)
    assert [(finding.code, finding.file) for finding in refused.value.findings] == [("security.symlink", "rules.yaml")]


def test_read_files_submodule_and_hostile_path_are_both_reported(bare: GitRepository) -> None:
    """A tree made by hand can hold `..` and submodules: all of it is reported in one go."""
    head = bare.head("main")
    inner = git(bare.path, "rev-parse", f"{head}:scoring")
    lines = f"040000 tree {inner}\t..\n160000 commit {head}\tvendor\n"
    tree = git(bare.path, "mktree", "--missing", stdin=lines.encode())
    commit = git(bare.path, "commit-tree", tree, "-m", "hostile")
    with pytest.raises(ConfigRejectedError) as refused:
        bare.read_files(commit)
    codes = {finding.code for finding in refused.value.findings}
    assert codes == {"security.path", "security.submodule"}


def test_read_files_oversize_file_is_refused_before_reading(bare: GitRepository) -> None:
    """A file over 16 MiB is named with its size."""
    commit = bare.commit_files({"big.yaml": b"x" * (16 * 1024 * 1024 + 1)}, [], "Big", ADA)
    with pytest.raises(ConfigRejectedError) as refused:
        bare.read_files(commit)
    assert refused.value.findings[0].code == "schema.too-large"


@pytest.mark.parametrize(
    "name", ["--all", "--upload-pack=touch x", "-h", "", "a b", ":/First", "main:scoring", "nope", "main..main", "a\nb",
             "^main", "\x00", "0" * 40, "deadbeef", "pull/9", "x" * 5000]
)  # fmt: skip
def test_resolve_what_is_no_revision_raises(bare: GitRepository, name: str) -> None:
    """Options, searches, paths, ranges and unknown names are all the same clear error."""
    with pytest.raises(UnknownRevisionError):
        bare.resolve(name)


def test_resolve_every_name_of_a_commit_gives_its_full_sha(bare: GitRepository) -> None:
    """Branch, full and short SHA, tag, `pull/N`, `#N` and HEAD lead to one SHA."""
    head = bare.head("main")
    git(bare.path, "tag", "-a", "-m", "x", "v1", head)
    bare.update_ref("refs/pull/7/head", head, None)
    names = ["main", head, head[:9], "v1", "pull/7", "#7", "HEAD", "refs/heads/main"]
    assert {bare.resolve(name) for name in names} == {head}


def test_update_ref_stale_old_value_raises_and_changes_nothing(bare: GitRepository) -> None:
    """Compare-and-swap: the loser learns it and the branch stays with the winner."""
    head = bare.head("main")
    winner = bare.commit_files({"a": b"1"}, [head], "A", ADA)
    loser = bare.commit_files({"a": b"2"}, [head], "B", ADA)
    bare.update_ref("refs/heads/main", winner, head)
    with pytest.raises(HeadMovedError):
        bare.update_ref("refs/heads/main", loser, head)
    with pytest.raises(HeadMovedError):
        bare.update_ref("refs/heads/main", loser, None)
    assert bare.head("main") == winner


def test_update_refs_one_stale_ref_moves_none(bare: GitRepository) -> None:
    """Two refs move together or not at all."""
    head = bare.head("main")
    new = bare.commit_files({"a": b"1"}, [head], "A", ADA)
    with pytest.raises(HeadMovedError):
        bare.update_refs([RefUpdate("refs/pull/1/head", new, None), RefUpdate("refs/heads/main", new, new)])
    assert bare.refs("refs/") == {"refs/heads/main": head}


def test_update_ref_race_has_exactly_one_winner(bare: GitRepository) -> None:
    """Sixteen writers from the same old value: one wins, fifteen are told."""
    head = bare.head("main")
    commits = [bare.commit_files({"n": b"%d" % n}, [head], f"{n}", ADA) for n in range(16)]

    def attempt(commit: str) -> bool:
        try:
            bare.update_ref("refs/heads/main", commit, head)
        except HeadMovedError:
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        results = list(threads.map(attempt, commits))
    assert results.count(True) == 1
    assert bare.head("main") == commits[results.index(True)]


def test_commit_files_writes_changes_and_deletes_without_touching_the_work_tree(checkout: GitRepository) -> None:
    """A commit from values: new content exact, a None gone, the rest kept, index and work tree as they were."""
    head = checkout.resolve("main")
    commit = checkout.commit_files({"mergecells.yaml": None, "scoring/x.yaml": b"\x00\r\n"}, [head], "Why", ADA)
    files = checkout.read_files(commit)
    assert files == {"scoring/rules.yaml": b"a: 1\r\nb: \xc3\xbc\n", "scoring/x.yaml": b"\x00\r\n"}
    assert git(checkout.path, "status", "--porcelain") == ""
    assert checkout.resolve("HEAD") == head


def test_commit_files_message_and_author_survive_as_given(bare: GitRepository) -> None:
    """Comment signs, a leading dash and letters of other scripts are text in a commit message."""
    author = parse_identity("Jürgen 李 <j@example.org>")
    commit = bare.commit_files({"a": b"1"}, [bare.head("main")], "# not a comment\n\n--amend ü", author)
    newest = bare.log(commit)[0]
    assert (newest.subject, newest.author) == ("# not a comment", "Jürgen 李 <j@example.org>")
    assert git(bare.path, "log", "-1", "--format=%b", commit) == "--amend ü"


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", ".git/config", "a//b", "a\\b", "a\nb", ""])
def test_commit_files_unsafe_path_is_refused(bare: GitRepository, path: str) -> None:
    """No path that would leave the tree, or write git's own files, gets into a commit."""
    with pytest.raises(MergecellsError, match="cannot be committed"):
        bare.commit_files({path: b"x"}, [bare.head("main")], "x", ADA)


def test_merge_trees_disjoint_lines_merge_and_same_line_conflicts(bare: GitRepository) -> None:
    """git's own merge, without a work tree; conflicts are named."""
    base = bare.commit_files({"f": b"1\n2\n3\n4\n5\n6\n7\n"}, [], "base", ADA)
    one = bare.commit_files({"f": b"A\n2\n3\n4\n5\n6\n7\n"}, [base], "one", ADA)
    two = bare.commit_files({"f": b"1\n2\n3\n4\n5\n6\nB\n"}, [base], "two", ADA)
    clash = bare.commit_files({"f": b"C\n2\n3\n4\n5\n6\n7\n"}, [base], "clash", ADA)
    merged = bare.merge_trees(one, two)
    assert merged.conflicts == ()
    commit = bare.commit_tree(merged.tree, [one, two], "merge", ADA)
    assert bare.read_files(commit) == {"f": b"A\n2\n3\n4\n5\n6\nB\n"}
    assert bare.merge_trees(one, clash).conflicts == ("f",)


def test_is_ancestor_and_log_follow_history(bare: GitRepository) -> None:
    """Newest first; a commit is its own ancestor; order matters."""
    first = bare.head("main")
    second = bare.commit_files({"a": b"1"}, [first], "Second", ADA)
    assert bare.is_ancestor(first, second)
    assert not bare.is_ancestor(second, first)
    assert [commit.subject for commit in bare.log(second)] == ["Second", "First"]
    assert bare.log(second)[0].parents == (first,)


def test_diff_ignores_the_persons_settings(checkout: GitRepository) -> None:
    """`diff.noprefix`, external diff programs and colours of the person change nothing."""
    for setting in ("diff.noprefix", "diff.mnemonicPrefix"):
        git(checkout.path, "config", setting, "true")
    git(checkout.path, "config", "diff.external", "false")
    git(checkout.path, "config", "color.ui", "always")
    head = checkout.resolve("main")
    commit = checkout.commit_files({"scoring/ü.yaml": b"x\n"}, [head], "x", ADA)
    text = checkout.diff(head, commit)
    assert "+++ b/scoring/ü.yaml\n@@ -0,0 +1 @@\n+x" in text


def test_environment_left_over_from_a_hook_does_not_redirect_git(
    bare: GitRepository, checkout: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIT_DIR and GIT_INDEX_FILE of a surrounding hook would send writes elsewhere: they are dropped."""
    other = GitRepository.init_bare(tmp_path / "other.git")
    monkeypatch.setitem(os.environ, "GIT_DIR", str(other.path))
    monkeypatch.setitem(os.environ, "GIT_INDEX_FILE", str(tmp_path / "index"))
    assert GitRepository(checkout.path).resolve("main") == bare.head("main")


def test_settings_of_a_careful_or_peculiar_person_change_nothing(
    bare: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signing, CRLF conversion, external diffs, a pager and `safe.bareRepository=explicit` do not get in the way."""
    settings = tmp_path / "gitconfig"
    settings.write_text(
        "[safe]\n bareRepository = explicit\n[commit]\n gpgSign = true\n[push]\n gpgSign = true\n[core]\n"
        " autocrlf = true\n pager = false\n fsmonitor = /bin/false\n[diff]\n external = /bin/false\n"
        "[log]\n showSignature = true\n[i18n]\n commitEncoding = latin1\n logOutputEncoding = latin1\n"
    )
    monkeypatch.setitem(os.environ, "GIT_CONFIG_GLOBAL", str(settings))
    head = bare.head("main")
    commit = bare.commit_files({"ü": b"1\r\n2\n"}, [head], "Größer", ADA)
    bare.update_ref("refs/heads/main", commit, head)
    assert bare.read_files("main")["ü"] == b"1\r\n2\n"
    assert bare.log("main", 1)[0].subject == "Größer"
    assert "+1\r\n+2\n" in bare.diff(head, commit) + "\n"


def test_hooks_of_the_repository_do_not_run(bare: GitRepository) -> None:
    """A hook is a program of somebody else; our ref updates run none."""
    hooks = bare.path / "hooks"
    hooks.mkdir(exist_ok=True)
    hook = hooks / "reference-transaction"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    bare.update_ref("refs/heads/other", bare.head("main"), None)
    assert bare.head("other") == bare.head("main")


def test_config_prefix_is_where_the_folder_lies(bare: GitRepository, checkout: GitRepository) -> None:
    """A config root in a folder of a repository knows its prefix and the top; a bare repository has none."""
    folder = GitRepository(checkout.path / "scoring")
    assert (checkout.config_prefix, folder.config_prefix, bare.config_prefix) == ("", "scoring", "")
    assert folder.top == checkout.path


def test_fetch_brings_a_forced_update_too(bare: GitRepository, checkout: GitRepository) -> None:
    """After a force-push the fetched revision is the remote's, whatever was there."""
    new = bare.commit_files({"a": b"1"}, [], "Unrelated", ADA)
    bare.update_ref("refs/heads/main", new, bare.head("main"))
    assert checkout.fetch("origin", "main") == new
    assert checkout.fetch(str(bare.path), "main") == new
    with pytest.raises(MergecellsError):
        checkout.fetch("--upload-pack=touch pwned", "main")


def test_identity_none_configured_gives_none(checkout: GitRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    """The author is never guessed from the machine's name."""
    monkeypatch.setitem(os.environ, "GIT_CONFIG_GLOBAL", "/dev/null")
    assert checkout.identity() is None
    git(checkout.path, "config", "user.name", "Ada")
    git(checkout.path, "config", "user.email", "ada@example.org")
    assert checkout.identity() == Identity("Ada", "ada@example.org")


def test_missing_repository_is_a_clear_error(tmp_path: Path) -> None:
    """Neither a missing folder nor a folder without git gives a traceback of git's."""
    with pytest.raises(Usage, match="not a folder"):
        _ = GitRepository(tmp_path / "none").git_dir
    with pytest.raises(MergecellsError, match="not a git repository"):
        _ = GitRepository(tmp_path).git_dir


def test_missing_git_asks_whether_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git on the PATH the message says so."""
    monkeypatch.setitem(os.environ, "PATH", str(tmp_path))
    with pytest.raises(MergecellsError, match="Is git installed"):
        GitRepository(tmp_path).resolve("main")


@pytest.mark.parametrize(
    "text", ["Ada", "<a@b>", "Ada <>", "Ada <a b@c>", "Ada <a@b> x", "A\nB <a@b>", "... <a@b>", "Ada <nomail>", ""]
)
def test_parse_identity_what_git_would_change_is_refused(text: str) -> None:
    """An author is stored as given or not at all."""
    with pytest.raises(Usage):
        parse_identity(text)
