"""`mergecells` for the steps of workflows, loaded once: each command runs in a fork of a process that has imported it,
with the arguments, the folder, the environment and the open files of who calls it. Importing takes most of a step."""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path

CALLER = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
    line.connect({place!r})
    order = {{"arguments": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ)}}
    socket.send_fds(line, [json.dumps(order).encode()], [0, 1, 2])
    sys.exit(int(line.recv(16) or 70))
"""
LOADED = (
    "check_run",
    "releasing",
    "write_back_run",
    "workbook_session",
    "github_host",
    "pull_request_host",
    "report_run",
)


@cache
def prepared() -> Path:
    """A folder with the program `mergecells`; the process behind it ends with the tests."""
    from ending import at_the_end

    folder = Path(tempfile.mkdtemp(prefix="mergecells-run-"))
    place = str(folder / "socket")
    command = [sys.executable, __file__, place]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    at_the_end.callback(shutil.rmtree, folder, ignore_errors=True)
    at_the_end.callback(process.kill)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    program = folder / "mergecells"
    program.write_text(CALLER.format(python=sys.executable, place=place))
    program.chmod(0o755)
    return folder


def serve(place: str) -> None:
    """Answer calls at a socket, a fork for each, until the tests end."""
    parent = os.getppid()
    for name in ("main", *LOADED):
        importlib.import_module(f"mergecells.apps.cli.{name}")
    gc.freeze()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as waiting:
        waiting.bind(place)
        waiting.listen()
        waiting.settimeout(5)
        print("ready", flush=True)
        running: set[int] = set()
        while os.getppid() == parent:
            try:
                line, _ = waiting.accept()
            except TimeoutError:
                continue
            if (child := os.fork()) == 0:
                waiting.close()
                answer(line)
            running = {each for each in running | {child} if os.waitpid(each, os.WNOHANG)[0] == 0}
            line.close()


def answer(line: socket.socket) -> None:
    """Run one command as a process of its own would, and end with it."""
    message, files, _, _ = socket.recv_fds(line, 1 << 20, 3)
    order = json.loads(message)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    sys.argv = ["mergecells", *order["arguments"]]
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)
    status = 70
    try:
        from mergecells.__main__ import main

        status = main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        line.send(str(status).encode())
        os._exit(status)


if __name__ == "__main__":
    serve(sys.argv[1])
