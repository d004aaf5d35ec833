"""What is put away when the tests of this process end: worker processes of a parallel run may skip `atexit`."""

from __future__ import annotations

import atexit
from contextlib import ExitStack

at_the_end = ExitStack()
atexit.register(at_the_end.close)
