"""`mergecells check` as people and programs call it: targets, formats, exit statuses, hostile input."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest

from acceptance.stage import Answer, command

REPOSITORY = Path(__file__).parents[2]
RULES = """version: "1.0"
tiers:
  A: {min: 60}
  B: {min: 0}
components:
  company:
    weight: 1
    factors:
      age: {weight: 0.7, formula: "=MIN(1,years/20)"}
      size: {weight: 0.3, formula: "=IF(years<0,1,0.5)"}
"""
FIELDS = "fields:\n  years: {type: number, sample: 12}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small sound config root, without the engine that takes a second to start."""
    folder = tmp_path / "config"
    (folder / "scoring").mkdir(parents=True)
    (folder / "mergecells.yaml").write_text("version: 1\nchecks: {xlcalculator: false}\n")
    (folder / "scoring/rules.yaml").write_text(RULES)
    (folder / "scoring/fields.yaml").write_text(FIELDS)
    return folder


def spoil(root: Path, old: str, new: str) -> None:
    file = root / "scoring/rules.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_check_default_rule_set_is_clean_and_engines_agree() -> None:
    """The shipped rules pass every check, and independent engines computed and compared most of them."""
    answer = command("--config-root", REPOSITORY, "check", "--output", "json")
    assert answer.status == 0, answer.output
    assert answer.json["findings"] == []
    assert answer.json["counts"] == {"error": 0, "warning": 0}
    engines = answer.json["engines"]
    assert engines["compiled"]["compared"] == engines["reference"]["computed"] > 300
    assert engines["xlcalculator"]["compared"] > 100
    assert engines["xlcalculator"]["mismatches"] == 0
    other = engines["xlcalculator"]
    assert other["compared"] + sum(other["not_compared"].values()) == other["asked"]


def test_check_text_is_one_line_for_each_finding_and_a_summary(root: Path) -> None:
    """`file:line:column (cell): message. Hint. [code]`, all findings of the run, exit status 1.

    Below a finding that points into a formula stand the formula and a mark under the place.
    """
    spoil(root, "weight: 0.3", "weight: 0.4")
    spoil(root, "years/20", "yaers/20")
    answer = command("check", root)
    assert answer.status == 1
    first, second, formula, mark, summary, engines = answer.output.splitlines()
    assert formula[mark.index("^") :].startswith("yaers/20")
    assert engines.startswith("Engines: ")
    assert first == (
        "scoring/rules.yaml:8:5 (Factors!C2:C3): The factor weights of company sum to 1.1, not 1. "
        "Take away 0.1 so that they sum to 1 (within 0.005). [rule.weight-sum]"
    )
    assert second.startswith(
        "scoring/rules.yaml:9:43 (Factors!D2): The formula of the factor age of company uses yaers"
    )
    assert second.endswith("Did you mean years? [formula.unknown-name]")
    assert summary == "2 errors, 0 warnings in 3 files."


def test_check_json_is_the_contract(root: Path) -> None:
    """Findings with exactly the contract's keys, counts, and nothing but JSON on stdout."""
    spoil(root, "weight: 0.3", "weight: 0.4")
    answer = command("check", root, "--output", "json")
    assert answer.status == 1
    [finding] = answer.json["findings"]
    assert set(finding) == {"code", "severity", "message", "hint", "file", "line", "column", "cell"}
    assert finding["code"] == "rule.weight-sum"
    assert (finding["file"], finding["line"], finding["cell"]) == ("scoring/rules.yaml", 8, "Factors!C2:C3")
    assert answer.json["counts"] == {"error": 1, "warning": 0}


def test_check_github_annotations_are_escaped_and_found_from_here(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workflow commands, with paths from the current folder and the signs that would end a property escaped."""
    spoil(root, "years/20", "100%:,yaers")
    monkeypatch.chdir(root.parent)
    answer = command("check", "config", "--output", "github")
    assert answer.status == 1
    for line in answer.output.splitlines():
        assert line.startswith("::error file=config/scoring/rules.yaml,line=9,col=")
        properties, text = line.removeprefix("::error ").split("::", 1)
        assert "title=formula" in properties
        assert ":" not in properties
        assert "%" not in text.replace("%25", "")


def test_check_sarif_is_what_code_scanning_reads(root: Path) -> None:
    """SARIF 2.1.0: the required properties, each result's rule in the table of rules, regions from 1."""
    spoil(root, "weight: 0.3", "weight: 0.4")
    spoil(root, "years/20", "yaers/20")
    answer = command("check", root, "--output", "sarif")
    document = answer.json
    assert document["version"] == "2.1.0"
    assert document["$schema"].endswith("sarif-2.1.0.json")
    [run] = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"] == "mergecells"
    assert [rule["id"] for rule in rules] == ["formula.unknown-name", "rule.weight-sum"]
    assert all(rule["shortDescription"]["text"] and rule["help"]["text"] for rule in rules)
    assert len(run["results"]) == 2
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning")
        assert result["message"]["text"]
        [location] = result["locations"]
        physical = location["physicalLocation"]
        assert physical["artifactLocation"]["uri"] == "scoring/rules.yaml"
        assert physical["region"]["startLine"] >= 1
        assert physical["region"]["startColumn"] >= 1


def test_check_junit_is_well_formed_and_counts(root: Path) -> None:
    """A failed case for each error; a passed one when there is nothing."""
    clean = ElementTree.fromstring(command("check", root, "--output", "junit").output)
    assert clean.attrib["tests"] == "1"
    assert clean.attrib["failures"] == "0"
    spoil(root, 'version: "1.0"', 'version: "1.0"\n"\\u0007<&>": 1')
    broken = ElementTree.fromstring(command("check", root, "--output", "junit").output)
    assert broken.attrib["failures"] == "1"
    [failure] = broken.iter("failure")
    assert failure.attrib["type"] == "schema.unknown-key"
    assert "<&>" in (failure.text or "")


@pytest.mark.parametrize(("extra", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_check_colours_only_a_terminal_that_wants_them(root: Path, extra: dict[str, str], coloured: bool) -> None:
    """On a terminal the findings are coloured; NO_COLOR is honoured."""
    spoil(root, "weight: 0.3", "weight: 0.4")
    reader, writer = pty.openpty()
    environment = {**{k: v for k, v in os.environ.items() if k != "NO_COLOR"}, "TERM": "xterm", **extra}
    program = [sys.executable, "-m", "mergecells", "check", str(root)]
    done = subprocess.run(program, stdout=writer, stderr=subprocess.PIPE, env=environment, check=False)
    os.close(writer)
    shown = os.read(reader, 65536).decode()
    os.close(reader)
    assert done.returncode == 1
    assert ("\x1b[" in shown) is coloured


def test_check_without_xlcalculator_warns_and_passes(root: Path, tmp_path: Path) -> None:
    """When the engine cannot run, the missing comparison is a warning; the config may pass."""
    (root / "mergecells.yaml").write_text("version: 1\n")
    blocker = tmp_path / "block"
    blocker.mkdir()
    (blocker / "sitecustomize.py").write_text(
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] == 'xlcalculator':\n"
        "            raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Missing())\n"
    )
    program = [sys.executable, "-m", "mergecells", "check", str(root), "--output", "json"]
    environment = {**os.environ, "PYTHONPATH": str(blocker)}
    done = subprocess.run(program, capture_output=True, env=environment, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [finding] = json.loads(done.stdout)["findings"]
    assert (finding["code"], finding["severity"]) == ("formula.engine-unavailable", "warning")
    assert "not installed" in finding["message"]


# Targets.


def test_check_file_inside_a_root_shows_only_its_findings(root: Path) -> None:
    """The whole config is checked, as one file's sense depends on the others; what is shown is the file's."""
    spoil(root, "weight: 0.3", "weight: 0.4")
    (root / "scoring/fields.yaml").write_text(FIELDS + "  Q4: {type: number}\n")
    answer = command("check", root / "scoring/fields.yaml", "--output", "json")
    assert [(each["code"], each["file"]) for each in answer.json["findings"]] == [
        ("rule.bad-name", "scoring/fields.yaml")
    ]


@pytest.mark.parametrize("name", ["rules.yaml", "anything.yaml"])
def test_check_file_alone_guesses_its_kind(tmp_path: Path, name: str) -> None:
    """Outside a config root the kind comes from name or content; what fields.yaml would tell is not judged."""
    file = tmp_path / name
    file.write_text(RULES.replace("weight: 0.3", "weight: 0.4"))
    answer = command("check", file, "--output", "json")
    assert [(each["code"], each["file"]) for each in answer.json["findings"]] == [("rule.weight-sum", str(file))]


def test_check_kind_given_is_obeyed(tmp_path: Path) -> None:
    """--kind says what a file is that does not look like it."""
    file = tmp_path / "x.yaml"
    file.write_text("components: {}\n")
    answer = command("check", file, "--kind", "fields", "--output", "json")
    assert {each["code"] for each in answer.json["findings"]} == {"schema.required", "schema.unknown-key"}


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("prompt", "prompt.front-matter"),
        ("routing", "schema.unknown-key"),
        ("budgets", "schema.unknown-key"),
        ("prices", "schema.unknown-key"),
    ],
)
def test_check_kind_of_language_models_alone_is_checked(tmp_path: Path, kind: str, code: str) -> None:
    """A prompt, routes, budgets and prices are checked outside of a config root, too."""
    file = tmp_path / "x.yaml"
    file.write_text("a: 1\n")
    answer = command("check", file, "--kind", kind, "--output", "json")
    assert answer.status == 1
    assert [each["code"] for each in answer.json["findings"]] == [code]


def test_check_file_of_no_known_kind_is_a_usage_error(tmp_path: Path) -> None:
    """Nothing was checked, so it must not look like a pass."""
    file = tmp_path / "x.txt"
    file.write_text("a: 1\n")
    assert command("check", file).status == 2


def test_check_paths_that_cannot_be_checked_are_usage_errors(tmp_path: Path) -> None:
    """Missing, a folder without config, a link to nowhere, a pipe: each said in words, exit status 2."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "dangling").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    for name, words in (
        ("missing", "does not exist"),
        ("empty", "neither mergecells.yaml"),
        ("dangling", "leads nowhere"),
        ("pipe", "not a plain file"),
    ):
        answer = command("check", tmp_path / name)
        assert (answer.status, words in answer.messages) == (2, True), answer
        assert "Traceback" not in answer.messages


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "schema.empty"), (b"\x89PNG\r\n\x1a\n\x00\x00", "yaml.encoding"), (b"\x00" * 100, "yaml.encoding")],
)
def test_check_file_that_is_empty_or_binary_is_a_finding(tmp_path: Path, content: bytes, code: str) -> None:
    """The file is named with what is wrong with it."""
    file = tmp_path / "rules.yaml"
    file.write_bytes(content)
    answer = command("check", file, "--output", "json")
    assert answer.status == 1
    assert code in {each["code"] for each in answer.json["findings"]}


def test_check_several_paths_are_one_report(root: Path, tmp_path: Path) -> None:
    """Findings and files of all, once."""
    lone = tmp_path / "rules.yaml"
    lone.write_text(RULES.replace("weight: 0.3", "weight: 0.4"))
    spoil(root, "weight: 0.7", "weight: 0.8")
    answer = command("check", root, lone, "--output", "json")
    assert answer.json["counts"]["error"] == 2
    assert str(lone) in answer.json["files"]


# The workbook.


def filled(root: Path) -> Path:
    assert command("--config-root", root, "fill", "--apply").status == 0
    return root / "scoring.xlsx"


def set_cell(workbook: Path, sheet: str, address: str, value: object) -> None:
    book = openpyxl.load_workbook(workbook)
    book[sheet][address] = value
    book.save(workbook)


def show_another_value(workbook: Path, old: str, new: str) -> None:
    """Change what cells show without touching their formulas, as a program that computes differently would."""
    with zipfile.ZipFile(workbook) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    with zipfile.ZipFile(workbook, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content.replace(old.encode(), new.encode()) if "worksheets/" in name else content)


def errors_of(answer: Answer) -> list[dict[str, str]]:
    return [each for each in answer.json["findings"] if each["severity"] == "error"]


def test_check_workbook_names_the_cells_that_were_edited(root: Path) -> None:
    """An edit in the workbook is checked as the config that it would make, before anything is exported."""
    workbook = filled(root)
    assert command("check", workbook).status == 0
    set_cell(workbook, "Factors", "C3", 0.4)
    answer = command("check", workbook, "--output", "json")
    [weights] = [each for each in answer.json["findings"] if each["code"] == "rule.weight-sum"]
    assert weights["cell"] == "Factors!C2:C3"


def test_check_workbook_saved_without_results_warns_once_a_tab(root: Path) -> None:
    """openpyxl drops computed values: one warning for each tab with formulas, and no error."""
    workbook = filled(root)
    set_cell(workbook, "Lead", "E2", "a note")
    answer = command("check", workbook, "--output", "json")
    stale = [each for each in answer.json["findings"] if each["code"] == "formula.stale-value"]
    assert [each["severity"] for each in stale] == ["warning"]
    assert stale[0]["cell"].startswith("Factors!")
    assert answer.status == 0


def test_check_workbook_that_shows_another_value_is_stale(root: Path) -> None:
    """A value that the formula does not give: the sheet was not what its editor believed it was."""
    workbook = filled(root)
    show_another_value(workbook, "<v>0.6</v>", "<v>0.9</v>")
    answer = command("check", workbook, "--output", "json")
    stale = [each for each in answer.json["findings"] if each["code"] == "formula.stale-value"]
    assert [(each["severity"], each["cell"]) for each in stale] == [("error", "Factors!D2")]
    assert "0.9" in stale[0]["message"]
    assert "0.6" in stale[0]["message"]


def test_check_workbook_of_older_rules_is_merged_and_not_called_stale(root: Path) -> None:
    """Main moved since the workbook was filled: its values are of older rules, which is no mistake of the editor."""
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-C", str(root)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "mergecells.yaml", "scoring"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "first"], check=True)
    workbook = filled(root)
    spoil(root, "years/20", "years/15")
    subprocess.run([*git, "commit", "-q", "-am", "second"], check=True)
    answer = command("check", workbook, "--output", "json")
    assert (answer.status, answer.json["findings"]) == (0, [])


def test_check_workbook_alone_is_checked_by_its_cells(root: Path, tmp_path: Path) -> None:
    """Away from its config a workbook is checked as the config that its tabs make."""
    alone = tmp_path / "alone.xlsx"
    shutil.copy(filled(root), alone)
    assert command("check", alone).status == 0
    set_cell(alone, "Tiers", "B3", 10)
    answer = command("check", alone, "--output", "json")
    found = [(each["code"], each["file"], each["cell"]) for each in errors_of(answer)]
    assert found == [("rule.tier-missing", str(alone), "Tiers!B3")]


def test_check_workbook_that_deletes_much_needs_a_yes(root: Path) -> None:
    """More rows deleted than allowed: --allow-large is the explicit yes."""
    factors = "".join(f'      f{i}: {{weight: 0.05, formula: "=IF(years<0,1,0.5)"}}\n' for i in range(20))
    (root / "scoring/rules.yaml").write_text(RULES.split("      age", maxsplit=1)[0] + factors)
    workbook = filled(root)
    book = openpyxl.load_workbook(workbook)
    book["Factors"].delete_rows(3, 15)
    book["Factors"]["C2"] = 0.8
    book.save(workbook)
    errors = errors_of(command("check", workbook, "--output", "json"))
    assert [each["code"] for each in errors] == ["change.too-large"]
    assert command("check", workbook, "--allow-large").status == 0


def test_check_workbook_that_is_none_is_a_finding(tmp_path: Path) -> None:
    """A text file named .xlsx."""
    file = tmp_path / "scoring.xlsx"
    file.write_text("not a workbook")
    answer = command("check", file, "--output", "json")
    assert answer.status == 1
    assert [each["code"] for each in answer.json["findings"]] == ["workbook.unreadable"]


# Hostile input: findings, soon.

HOSTILE = {
    "alias bomb": (
        "a0: &a0 [x,x,x,x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1},*a{i - 1}]\n" for i in range(1, 60)),
        "yaml.anchor",
    ),
    "merge bomb": ("a: &a {b: 1}\n" + "".join(f"m{i}: {{<<: [*a, *a, *a]}}\n" for i in range(50)), "yaml.anchor"),
    "deep nesting": ("a: " + "[" * 100_000, "yaml.too-deep"),
    "10 MB cell": (RULES.replace("version:", f"x: '{'y' * 10_000_000}'\nversion:"), "yaml.too-large"),
    "long formula": (RULES.replace("=IF(years<0,1,0.5)", "=" + "1+" * 50_000 + "1"), "schema.too-long"),
    "long digits": (RULES.replace("min: 60", "min: " + "9" * 400_000), "yaml.ambiguous"),
    "nested parentheses": (RULES.replace("=IF(years<0,1,0.5)", "=" + "(" * 4000 + "1" + ")" * 4000), "formula.syntax"),
    "nested functions": (RULES.replace("=IF(years<0,1,0.5)", "=" + "ABS(" * 1500 + "1" + ")" * 1500), "formula.syntax"),
    "HYPERLINK": (RULES.replace("=IF(years<0,1,0.5)", '=HYPERLINK(\\"http://x\\")'), "formula.unsupported-function"),
    "DDE": (RULES.replace("=IF(years<0,1,0.5)", "=cmd|'/c calc'!A1"), "formula.syntax"),
    "many nodes": ("a: [" + "1," * 2_000_000 + "1]", "yaml.too-large"),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
@pytest.mark.timeout(60)
def test_check_hostile_file_is_a_finding(root: Path, name: str) -> None:
    """No crash, no traceback, no endless run; the finding says which file."""
    text, code = HOSTILE[name]
    (root / "scoring/rules.yaml").write_text(text)
    answer = command("check", root, "--output", "json")
    assert answer.status == 1, answer.messages
    assert code in {each["code"] for each in answer.json["findings"]}
    assert all(each["file"] == "scoring/rules.yaml" for each in answer.json["findings"])
    assert len(answer.output) < 100_000


@pytest.mark.parametrize("where", ["scoring/rules.yaml", "scoring/verticals"])
def test_check_link_that_leaves_the_tree_is_refused(root: Path, tmp_path: Path, where: str) -> None:
    """A symbolic link is never followed, neither as a file nor as a folder."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.yaml").write_text("password: hunter2\n")
    target = outside / "secret.yaml" if where.endswith(".yaml") else outside
    (root / where).unlink(missing_ok=True)
    (root / where).symlink_to(target)
    answer = command("check", root, "--output", "json")
    assert answer.status == 1
    assert [(each["code"], each["file"]) for each in answer.json["findings"]] == [("security.symlink", where)]
    assert "hunter2" not in answer.output


def test_check_custom_tab_outside_of_the_root_is_refused(root: Path) -> None:
    """`..` in the manifest does not read a file beside the config root."""
    (root.parent / "other.yaml").write_text("a: 1\n")
    (root / "mergecells.yaml").write_text("version: 1\ntabs: [{tab: T, file: ../other.yaml, key: k, columns: [a]}]\n")
    answer = command("check", root, "--output", "json")
    assert answer.status == 1
    assert "security.path" in {each["code"] for each in answer.json["findings"]}


def test_check_secret_is_found_and_not_repeated(root: Path) -> None:
    """A token in any text of any file; the finding does not print it."""
    token = "ghp_" + "a1B2" * 9
    spoil(root, 'formula: "=IF(years<0,1,0.5)"', f'formula: "=IF(years<0,1,0.5)", description: "use {token}"')
    answer = command("check", root, "--output", "json")
    assert [each["code"] for each in answer.json["findings"]] == ["security.secret"]
    assert token not in answer.output


# Schemas.


def test_schema_export_writes_and_check_tells_drift(root: Path) -> None:
    """`schema export` writes the schemas; `--check` fails when one differs, and names it."""
    assert command("--config-root", root, "schema", "export").status == 0
    assert command("--config-root", root, "schema", "export", "--check").status == 0
    file = root / "schemas/rules.schema.json"
    file.write_text(file.read_text() + " ")
    answer = command("--config-root", root, "schema", "export", "--check")
    assert answer.status == 1
    assert "schemas/rules.schema.json" in answer.output
    assert file.read_text().endswith(" ")


def test_schema_and_codes_of_this_repository_are_up_to_date() -> None:
    """The drift job: schemas and docs/checks.md are what the models and the table of codes give."""
    answer = command("--config-root", REPOSITORY, "schema", "export", "--check")
    assert answer.status == 0, answer.output


def test_check_saves_other_forms_of_the_same_check(tmp_path: Path) -> None:
    """One run: JSON on stdout, SARIF and text in files, whether the answer is good or not."""
    root = tmp_path / "leads"
    root.mkdir()
    (root / "mergecells.yaml").write_text("version: 2\n")
    forms = ("--save", f"sarif={tmp_path / 'f.sarif'}", "--save", f"text={tmp_path / 'f.txt'}")
    answer = command("--config-root", root, "check", "--output", "json", *forms)
    assert answer.status == 1
    codes = {finding["code"] for finding in answer.json["findings"]}
    results = json.loads((tmp_path / "f.sarif").read_text())["runs"][0]["results"]
    assert {result["ruleId"] for result in results} == codes
    assert all(code in (tmp_path / "f.txt").read_text() for code in codes)


@pytest.mark.parametrize("text", ["sarif", "sarif=", "yaml=x", "=x", "sarif=none/there/x"])
def test_check_save_of_anything_else_is_a_usage_error(tmp_path: Path, text: str) -> None:
    """In words that name the forms; a folder that is not there is said too."""
    (tmp_path / "mergecells.yaml").write_text("version: 1\n")
    answer = command("--config-root", tmp_path, "check", "--save", text)
    assert answer.status == 2
    assert "Traceback" not in answer.messages
