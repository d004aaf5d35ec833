"""The cache on disk when the world is hostile: damage, foreign values, a full or read-only disk, clocks."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from mergecells.adapters.sqlite_cache import SqliteCache
from mergecells.domain.llm import CachedAnswer

ANSWER = CachedAnswer("Hello.", "stop", "acme", "small", 10, 5, 0, "provider", 0.25, "untracked-1", 1_000.0)
KEY, OTHER = "a" * 64, "b" * 64


class Clock:
    def __init__(self) -> None:
        self.at = 1_800_000_000.0

    def __call__(self) -> float:
        return self.at


def on_disk_only(path: Path) -> SqliteCache:
    """A cache without the answers in memory in front of it."""
    return SqliteCache(path, memory_bytes=0)


def test_get_file_that_is_no_database_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Garbage in the file: a miss, told in the log; the file is kept beside the new one."""
    path = tmp_path / "cache.sqlite3"
    path.write_bytes(b"this is no database" * 1000)
    cache = SqliteCache(path)
    assert cache.get(KEY) is None
    cache.put(KEY, ANSWER, 60)
    assert cache.get(KEY) == ANSWER
    cache.close()
    assert Path(f"{path}.broken").read_bytes().startswith(b"this is no")
    assert "set aside" in caplog.text
    assert on_disk_only(path).get(KEY) == ANSWER


def test_get_file_that_is_damaged_in_the_middle_is_set_aside(tmp_path: Path) -> None:
    """Pages overwritten with noise while nobody looks: no error, and the cache works afterwards."""
    path = tmp_path / "cache.sqlite3"
    cache = SqliteCache(path)
    for number in range(200):
        cache.put(f"{number:064d}", replace(ANSWER, text="x" * 2000), 60)
    cache.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        for page in range(1, size // 4096):
            file.seek(page * 4096)
            file.write(os.urandom(2048))
    again = on_disk_only(path)
    for number in range(200):
        again.get(f"{number:064d}")
    again.put(KEY, ANSWER, 60)
    again.put(OTHER, ANSWER, 60)
    assert again.get(OTHER) == ANSWER
    again.close()


def test_get_row_that_is_damaged_or_foreign_is_a_miss(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A flipped bit, a value of another version, another key's value, a text: made again, never served."""
    path = tmp_path / "cache.sqlite3"
    cache = SqliteCache(path)
    cache.put(KEY, ANSWER, 60)
    cache.put(OTHER, replace(ANSWER, text="another"), 60)
    cache.close()
    base = sqlite3.connect(path, isolation_level=None)
    good = base.execute("SELECT value FROM answers1 WHERE key = ?", (KEY,)).fetchone()[0]
    others = base.execute("SELECT value FROM answers1 WHERE key = ?", (OTHER,)).fetchone()[0]
    flipped = bytearray(good)
    flipped[40] ^= 1
    for value in (bytes(flipped), good.replace(b"mc1", b"mc2"), others, good[:-5], b"", "text", 7):
        base.execute("UPDATE answers1 SET value = ? WHERE key = ?", (value, KEY))
        again = on_disk_only(path)
        assert again.get(KEY) is None
        again.close()
    base.close()
    assert "damaged or foreign" in caplog.text


def test_get_path_that_is_a_folder_serves_from_memory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing can be kept on disk; calls go on, memory serves, and the log says so once."""
    path = tmp_path / "cache.sqlite3"
    path.mkdir()
    cache = SqliteCache(path)
    assert cache.get(KEY) is None
    cache.put(KEY, ANSWER, 60)
    assert cache.get(KEY) == ANSWER
    assert cache.claim(KEY, "me", 60)
    cache.release(KEY, "me")
    cache.count(ANSWER)
    assert cache.stats().entries == 0
    cache.close()
    assert sum("llm" in record.name or "cannot" in record.message for record in caplog.records) == 1


READ_ONLY = """
import os, sys
from pathlib import Path
from mergecells.adapters.sqlite_cache import SqliteCache
from mergecells.domain.llm import CachedAnswer
if os.getuid() == 0:
    os.setgid(65534); os.setuid(65534)
answer = CachedAnswer("Hello.", "stop", "acme", "small", 10, 5, 0, "provider", 0.25, "untracked-1", 1_000.0)
cache = SqliteCache(Path(sys.argv[1]))
assert cache.get("a" * 64) is None
cache.put("a" * 64, answer, 60)
assert cache.get("a" * 64) == answer
cache.close()
print("fine")
"""


def test_put_folder_that_may_not_be_written_serves_from_memory(tmp_path: Path) -> None:
    """Another user's folder, as a read-only disk: no error (run as nobody, whom root's rights do not help)."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o755)
    for place in (tmp_path, *tmp_path.parents[:2]):
        place.chmod(0o755)
    command = [sys.executable, "-c", READ_ONLY, str(folder / "cache.sqlite3")]
    if os.getuid() != 0:
        folder.chmod(0o555)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout.strip(), "Traceback" in done.stderr) == ("fine", False), done.stderr
    assert not any(folder.iterdir())


def test_put_full_disk_is_no_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The file may not grow: what fits stays, what does not is in memory only."""
    cache = SqliteCache(tmp_path / "cache.sqlite3")
    cache.put(KEY, ANSWER, 60)
    assert cache._writer._base is not None
    pages = cache._writer._base.execute("PRAGMA page_count").fetchone()[0]
    cache._writer._base.execute(f"PRAGMA max_page_count = {pages + 1}")
    cache.put(OTHER, replace(ANSWER, text="x" * 100_000), 60)
    assert cache.get(OTHER) is not None
    assert cache.get(KEY) == ANSWER
    cache.close()
    assert "full" in caplog.text
    again = SqliteCache(tmp_path / "cache.sqlite3")
    assert again.get(KEY) == ANSWER
    assert again.get(OTHER) is None
    again.close()


def test_put_is_bounded_and_drops_what_was_not_used(tmp_path: Path) -> None:
    """The file holds at most so many bytes; what was used stays longest."""
    clock = Clock()
    path = tmp_path / "cache.sqlite3"
    cache = SqliteCache(path, most_bytes=50_000, now=clock)
    big = replace(ANSWER, text="x" * 2_000)
    for number in range(10):
        clock.at += 1
        cache.put(f"{number}", big, 600)
    assert cache.get("0") == big
    clock.at += 1
    cache._counts.flush()
    for number in range(10, 60):
        clock.at += 1
        cache.get("0")
        cache._counts.flush()
        cache.put(f"{number}", big, 600)
    stats = cache.stats()
    assert stats.bytes <= 50_000
    assert 10 <= stats.entries <= 22
    cache.close()
    again = SqliteCache(path, now=clock)
    assert again.get("0") == again.get("59") == big
    assert again.get("1") is None
    again.close()


def test_put_removes_what_is_too_old(tmp_path: Path) -> None:
    """Old answers do not wait for the bound."""
    clock = Clock()
    cache = SqliteCache(tmp_path / "cache.sqlite3", now=clock)
    for number in range(30):
        cache.put(f"{number}", ANSWER, 10)
    clock.at += 11
    cache.put(KEY, ANSWER, 10)
    base = sqlite3.connect(tmp_path / "cache.sqlite3")
    assert base.execute("SELECT COUNT(*) FROM answers1").fetchone() == (1,)
    base.close()
    cache.close()


@pytest.mark.parametrize("in_memory", [True, False])
def test_get_after_the_clock_went_back_does_not_live_longer(tmp_path: Path, in_memory: bool) -> None:
    """An answer from the future is a miss, and so is a claim from there nobody's."""
    clock = Clock()
    cache = SqliteCache(tmp_path / "cache.sqlite3", now=clock, memory_bytes=10**6 if in_memory else 0)
    cache.put(KEY, ANSWER, 86_400)
    assert cache.claim(KEY, "one", 60)
    clock.at -= 60
    assert cache.get(KEY) == ANSWER
    assert not cache.claim(KEY, "other", 60)
    clock.at -= 7 * 86_400
    assert cache.get(KEY) is None
    assert cache.claim(KEY, "other", 60)
    cache.close()


def test_file_is_private(tmp_path: Path) -> None:
    """Answers may hold what is nobody else's business."""
    path = tmp_path / "state" / "cache.sqlite3"
    cache = SqliteCache(path)
    cache.put(KEY, ANSWER, 60)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
    cache.close()


CLAIMS = """
import os, sys
from pathlib import Path
from mergecells.adapters import sqlite_cache
sqlite_cache.WRITER_BUSY_S = 60.0
wait, go = os.pipe()
racers = []
for racer in range(4):
    racers.append(os.fork())
    if racers[-1] == 0:
        os.close(go)
        os.read(wait, 1)
        cache = sqlite_cache.SqliteCache(Path(sys.argv[1]))
        os._exit(sum(cache.claim(f"key{number}", f"racer{racer}", 60) for number in range(200)))
os.close(go)
print(sum(os.waitstatus_to_exitcode(os.waitpid(racer, 0)[1]) for racer in racers))
"""


def test_claim_race_of_processes_has_one_winner_each(tmp_path: Path) -> None:
    """Four processes claim 200 keys at once: each key has exactly one owner."""
    command = [sys.executable, "-c", CLAIMS, str(tmp_path / "cache.sqlite3")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=90)
    assert int(done.stdout) == 200


def test_threads_share_one_cache(tmp_path: Path) -> None:
    """Reads and writes from many threads at once: every answer is whole."""
    cache = SqliteCache(tmp_path / "cache.sqlite3", memory_bytes=0)
    wrong: list[object] = []

    def work(start: int) -> None:
        for number in range(start, start + 40):
            mine = replace(ANSWER, text=f"answer {number % 10}")
            cache.put(f"{number % 10}", mine, 60)
            found = cache.get(f"{number % 10}")
            if found != mine:
                wrong.append(found)

    threads = [threading.Thread(target=work, args=(start,)) for start in range(0, 80, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cache.close()
    assert wrong == []
