"""`python -m mergecells` and the `mergecells` command."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the command line. Returns the exit status."""
    # pydantic would look for plugins in every package that is installed. Who has one sets the variable to nothing.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        from mergecells.apps.cli.main import run
    except ModuleNotFoundError as missing:
        if missing.name not in {"typer", "rich", "click"}:
            raise
        print('error: the command line is an extra. Install it: pip install "mergecells[all]"', file=sys.stderr)
        return 2
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
