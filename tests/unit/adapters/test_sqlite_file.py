"""SQLite files that several connections and several processes share."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from mergecells.adapters.sql_history_engine import make_place
from mergecells.adapters.sqlite_file import create_private, open_sqlite

SCHEMA = "CREATE TABLE kept (number INTEGER);\n"
PASS_BY = "import sqlite3, sys; b = sqlite3.connect(sys.argv[1]); b.execute('SELECT * FROM kept').fetchall(); b.close()"


@pytest.mark.parametrize("again", ["another connection", "the history's place"])
def test_what_is_written_stays_when_another_process_passes_by(tmp_path: Path, again: str) -> None:
    """Opening the file a second time here must not drop the first one's locks: a process that ends would take the
    journal away, and everything that is written from then on."""
    path = tmp_path / "kept.sqlite3"
    with closing(open_sqlite(path, SCHEMA, 5)) as first:
        if again == "another connection":
            open_sqlite(path, SCHEMA, 5).close()
        else:
            make_place(make_url(f"sqlite:///{path}"))
        subprocess.run([sys.executable, "-c", PASS_BY, str(path)], check=True)
        first.execute("INSERT INTO kept VALUES (1)")
        with closing(sqlite3.connect(path)) as reader:
            assert reader.execute("SELECT number FROM kept").fetchall() == [(1,)]


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    """As the kernel would say it."""
    with pytest.raises(IsADirectoryError):
        create_private(tmp_path)
