"""`PYTHONPATH=tools python -m dashboards [--check]`: writes deploy/grafana, or compares it with the description."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dashboards.boards import BOARDS
from dashboards.grafana import to_grafana

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "grafana"


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    texts = {f"{board.name}.json": json.dumps(to_grafana(board), indent=1, ensure_ascii=False) for board in BOARDS}
    if "--check" not in arguments:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (FOLDER / name).write_text(text + "\n", encoding="utf-8")
        return 0
    there = {file.name: file.read_text(encoding="utf-8").rstrip("\n") for file in FOLDER.glob("*.json")}
    wrong = sorted(name for name in texts.keys() | there.keys() if texts.get(name) != there.get(name))
    if wrong:
        print(f"deploy/grafana is out of date ({', '.join(wrong)}): run `make docs`", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
