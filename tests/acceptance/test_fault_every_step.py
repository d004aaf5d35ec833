"""A publisher that is killed at each of its steps in turn, not only at lucky moments."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]

KILLED = """
import itertools, os, signal, sys
from pathlib import Path
from fakes.config_samples import revision_of, sealed_tree
from mergecells.adapters.published_tree import PublishedTrees
from mergecells.serving.bundle import load_bundle

trees = PublishedTrees(Path(sys.argv[1]), keep=1)
STEPS = {"open", "os.mkdir", "os.rename", "os.symlink", "os.remove", "os.rmdir", "os.utime", "shutil.rmtree"}

def publish_until(step, tree):
    left = itertools.count(step, -1)
    def killed_at(event, arguments):
        if event in STEPS and next(left) == 1:
            os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(killed_at)
    trees.prepare()
    trees.publish(tree)

def assert_whole(allowed):
    tree = next(trees.recent())
    assert tree.revision in allowed and tree.revision == trees.current(), (tree.revision, trees.current())
    load_bundle(tree)

trees.prepare()
trees.publish(sealed_tree("m0", revision_of(0)))
kills = 0
for number in itertools.count(1):
    tree = sealed_tree(f"m{number}", revision_of(number))
    child = os.fork()
    if child == 0:
        publish_until(number, tree)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert_whole({revision_of(number - 1), revision_of(number)})
    if status == 0:
        break
    kills += 1
    trees.prepare()
    trees.publish(tree)
    assert_whole({revision_of(number)})
    left_over = [entry.name for entry in (trees.folder / "revisions").iterdir() if entry.name.startswith(".")]
    assert not left_over, left_over
print(kills)
"""


def test_publisher_killed_at_every_step_leaves_a_whole_tree_and_nothing_in_the_way(tmp_path: Path) -> None:
    """SIGKILL at the first, the second, … and the last thing it does to the file system: `current` leads to the former
    or the new tree, every digest right, and the next publisher goes on and cleans up."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20
