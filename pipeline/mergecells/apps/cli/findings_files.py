"""One check, several forms: annotations on stdout, SARIF and a text for people in files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mergecells.adapters.atomic_file import whole_text_file
from mergecells.apps.cli.check_run import from_here, merge_reports, report_extra
from mergecells.apps.cli.choices import FindingsOutput
from mergecells.apps.cli.findings_output import render_findings
from mergecells.authoring.check import CheckReport
from mergecells.domain.errors import UsageError

_FROM_HERE = (FindingsOutput.GITHUB, FindingsOutput.SARIF)


def wanted_files(texts: Sequence[str]) -> dict[Path, FindingsOutput]:
    """`sarif=findings.sarif` → the file and its form. Raises UsageError before anything is checked."""
    files: dict[Path, FindingsOutput] = {}
    for text in texts:
        form, _, name = text.partition("=")
        if form not in set(FindingsOutput) or not name:
            forms = ", ".join(FindingsOutput)
            raise UsageError(f"--save {text!r} is not FORM=FILE.", f"FORM is one of {forms}: --save sarif=out.sarif")
        files[Path(name)] = FindingsOutput(form)
    return files


def save_findings(files: Mapping[Path, FindingsOutput], reports: Sequence[tuple[Path | None, CheckReport]]) -> None:
    """Write each form into its file. Raises UsageError for a file that cannot be written."""
    for path, form in files.items():
        report = merge_reports(from_here(root, each) if form in _FROM_HERE else each for root, each in reports)
        text = render_findings(report.findings, form, report_extra(report))
        try:
            with whole_text_file(path) as file:
                file.write(f"{text}\n" if text else "")
        except UsageError as error:
            raise UsageError(f"--save: {error.message}", "Give it another file.") from error
