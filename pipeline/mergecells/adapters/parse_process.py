"""Files outside our control are parsed in a child process with limits first: whatever they do, they do it there.

The guards of `transforms.yaml_guard` refuse every attack we know. This is for those we do not know: a file that kills,
blocks or bloats the C parser ends a child, and its finding says so. What passes is parsed again by the caller.
"""

from __future__ import annotations

import base64
import json
import resource
import subprocess
import sys
from dataclasses import dataclass

from mergecells.domain.findings import Finding
from mergecells.domain.revision import Files
from mergecells.transforms.yaml_to_config import parse_yaml


@dataclass(frozen=True, slots=True)
class ParseProcess:
    """Callable: tries to parse the files in a fresh child. `memory_bytes` bounds its address space."""

    memory_bytes: int = 2 * 1024**3
    cpu_seconds: int = 20
    wall_seconds: float = 60.0

    def __call__(self, files: Files) -> list[Finding]:
        """Nothing when all files can be parsed within the limits (findings of their own included), else a
        `yaml.too-large` for the file that could not."""
        if not files:
            return []
        encoded = {name: base64.b64encode(content).decode() for name, content in files.items()}
        request = json.dumps({"bytes": self.memory_bytes, "seconds": self.cpu_seconds, "files": encoded})
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-s", "-m", __name__],
                input=request.encode(),
                capture_output=True,
                timeout=self.wall_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            return [self._refused(error.stdout or b"")]
        return [] if done.returncode == 0 else [self._refused(done.stdout)]

    def _refused(self, output: bytes) -> Finding:
        """The child names each file before it parses it, so the last name is the culprit's."""
        names = output.decode("utf-8", "replace").splitlines()
        limits = f"{self.cpu_seconds} s and {self.memory_bytes // 1024**2} MiB"
        return Finding(
            code="yaml.too-large",
            message=f"The file cannot be read within {limits}.",
            hint="Make it smaller or simpler; it may have been made to do harm.",
            file=json.loads(names[-1]) if names else None,
        )


def main() -> None:
    """The child: limits first, then the files one by one."""
    request = json.loads(sys.stdin.buffer.read())
    resource.setrlimit(resource.RLIMIT_AS, (request["bytes"], request["bytes"]))
    resource.setrlimit(resource.RLIMIT_CPU, (request["seconds"], request["seconds"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name, content in request["files"].items():
        print(json.dumps(name), flush=True)
        parse_yaml(name, base64.b64decode(content))


if __name__ == "__main__":
    main()
