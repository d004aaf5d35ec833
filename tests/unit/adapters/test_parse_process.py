"""Parsing files of others in a child: a file that would harm the parser harms only the child."""

from __future__ import annotations

from mergecells.adapters.parse_process import ParseProcess


def test_parse_process_good_and_merely_wrong_files_pass() -> None:
    """The child's business is survival; what is wrong with a file is found by the caller's own parse."""
    assert ParseProcess()({"a.yaml": b"a: 1\n", "b.yaml": b"a: [", "c.yaml": b"[" * 100_000}) == []


def test_parse_process_a_file_beyond_the_memory_limit_is_named() -> None:
    """The file that was being read when the child died is the culprit, not those before it."""
    process = ParseProcess(memory_bytes=150 * 1024**2)
    (finding,) = process({"good.yaml": b"a: 1\n", "big.yaml": b"- a\n" * 400_000, "later.yaml": b"b: 1\n"})
    assert (finding.code, finding.file) == ("yaml.too-large", "big.yaml")


def test_parse_process_a_file_beyond_the_time_limit_is_named() -> None:
    """A child that does not answer in time is ended."""
    (finding,) = ParseProcess(wall_seconds=0.01)({"slow.yaml": b"- a\n" * 400_000})
    assert finding.code == "yaml.too-large"
