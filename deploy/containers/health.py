#!/usr/bin/env python3
"""The health check of the images: `mergecells-health http://127.0.0.1:8800/healthz`, or a file that must be there.

Exit status 0 when the address answers 200 within 2 s, or the file can be read; else 1 and one line that says why.
Needs nothing but Python, so that it answers also where a package is broken.
"""

import sys
import urllib.request


def main() -> int:
    target = sys.argv[1]
    try:
        if target.startswith("http://"):
            # A proxy of the environment is not asked: the address is this container's own.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(target, timeout=2) as answer:
                return 0 if answer.status == 200 else 1
        with open(target, "rb") as file:
            file.read(1)
    except (OSError, ValueError) as error:
        print(f"{target}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
