"""Every code that a finding may carry: what it means, what to do, and how it comes about.

Codes are stable: other programs filter by them. `docs/checks.md` is generated from this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class CodeEntry(NamedTuple):
    """One row of the table: a meaning, a remedy, an example of what causes it."""

    meaning: str
    remedy: str
    example: str


CODES: Mapping[str, CodeEntry] = {
    # What a file is, before its meaning.
    "yaml.syntax": CodeEntry(
        "The file is not YAML.", "Mend the line; quote texts with special characters.", "`weight: {0.3`"
    ),
    "yaml.duplicate-key": CodeEntry(
        "A mapping has the same key twice; readers keep one in silence.", "Remove or rename one.", "two factors `size:`"
    ),
    "yaml.ambiguous": CodeEntry(
        "A plain scalar that YAML 1.1 and 1.2 readers read differently.",
        "Put it in quotes.",
        "`label: no`",
    ),
    "yaml.encoding": CodeEntry(
        "The file is not UTF-8, or holds control characters.",
        "Save it as UTF-8.",
        "a file saved as Latin-1",
    ),
    "yaml.key": CodeEntry(
        "A key that is not a text.",
        "Put it in quotes.",
        "`2024: …`",
    ),
    "yaml.anchor": CodeEntry(
        "An anchor: it makes a file mean what no reviewer sees.",
        "Write the value out where it is used.",
        "`A: &a {min: 60}`",
    ),
    "yaml.alias": CodeEntry(
        "An alias: a few of them can stand for gigabytes.",
        "Write the value out.",
        "`B: *a`",
    ),
    "yaml.merge-key": CodeEntry(
        "A merge key; YAML readers differ on it.",
        "Write the values out.",
        "`B: {<<: {min: 0}}`",
    ),
    "yaml.tag": CodeEntry(
        "A tag; some readers run code for it.",
        "Put quotes around a text that starts with `!`.",
        "`min: !!int 0`",
    ),
    "yaml.multiple-documents": CodeEntry(
        "A second document in one file.",
        "Keep one document in a file.",
        "`---` in the middle",
    ),
    "yaml.too-deep": CodeEntry(
        "Nested deeper than 64 levels.",
        "Flatten the file.",
        "100,000 times `[`",
    ),
    "yaml.too-large": CodeEntry(
        "The file or one scalar is larger than is read.",
        "Shorten it.",
        "a description of 10 MB",
    ),
    "schema.missing-file": CodeEntry(
        "A file that is needed is not there.",
        "Add it.",
        "no `scoring/rules.yaml`",
    ),
    "schema.file-name": CodeEntry(
        "A file name that is not read, or that cannot be the name of a tab.",
        "Rename the file.",
        "`scoring/verticals/tiers.yaml`",
    ),
    "schema.empty": CodeEntry(
        "The file is empty.",
        "Write what the message names, or remove the file.",
        "a file of comments only",
    ),
    "schema.required": CodeEntry(
        "A key that is needed is missing.",
        "Add it.",
        "a factor without `weight`",
    ),
    "schema.unknown-key": CodeEntry(
        "A key that the format does not have.",
        "Correct the spelling, or remove it.",
        "`wieght: 0.3`",
    ),
    "schema.type": CodeEntry(
        "A value of the wrong type.",
        "Write a value of the type named.",
        '`weight: "0.3"`',
    ),
    "schema.range": CodeEntry(
        "A number outside its range.",
        "Choose one within it.",
        "`weight: 1.3`",
    ),
    "schema.pattern": CodeEntry(
        "A text of the wrong form.",
        "Write it in the form named.",
        "a formula without `=`",
    ),
    "schema.choice": CodeEntry(
        "A value that is none of the choices.",
        "Choose one of those listed.",
        "`type: integer`",
    ),
    "schema.too-short": CodeEntry(
        "A text, list or mapping that is too short.",
        "Add to it.",
        "`factors: {}`",
    ),
    "schema.too-long": CodeEntry(
        "A text that is too long.",
        "Shorten it.",
        "a formula of 100,000 characters",
    ),
    "schema.too-large": CodeEntry(
        "A file or folder tree larger than is read.",
        "Split or flatten it.",
        "a file of 20 MiB",
    ),
    "schema.invalid": CodeEntry(
        "Another mistake of shape, or a JSON Schema that is none.",
        "See the message.",
        "a custom tab's schema that is not JSON",
    ),
    # Rules that look at several rows.
    "rule.weight-sum": CodeEntry(
        "Weights that must sum to 1 do not, within 0.005.", "Adjust them; the hint says by how much.", "0.3 + 0.6"
    ),
    "rule.tier-order": CodeEntry(
        "Tier minima are not strictly descending.", "List tiers from the best to the lowest.", "A: 60, B: 80, C: 0"
    ),
    "rule.tier-missing": CodeEntry(
        "No tier has the minimum 0, so low scores have none.", "Set the lowest tier's min to 0.", "A: 80, B: 10"
    ),
    "rule.duplicate-name": CodeEntry(
        "Two names that a formula or a spreadsheet cannot tell apart.", "Rename one.", "a field and a list `region`"
    ),
    "rule.unknown-reference": CodeEntry(
        "Something names a field, tier, vertical, factor or component that does not exist.",
        "Correct the name; the hint suggests one.",
        "a factor without formula and without a field of its name",
    ),
    "rule.bad-name": CodeEntry(
        "A spreadsheet reads the name as a cell, a value or a function.", "Rename it.", "a field `Q4`"
    ),
    "rule.field-type": CodeEntry(
        "A lead's value does not have the type of its field.", "Change the value or the type.", '`years: "ten"`'
    ),
    "rule.invalid-date": CodeEntry("A date that does not exist.", "Write it as YYYY-MM-DD.", "`2024-02-30`"),
    # Lookup tables.
    "table.cell-type": CodeEntry(
        "A key or a cell of a lookup table that does not have its column's type, or is too long.",
        "Change the value, or the column's type.",
        '`fit: "0.5"` in a column of type number',
    ),
    "table.unknown-column": CodeEntry(
        "A row of a lookup table has a cell for a column that the table does not have.",
        "Correct the spelling, or state the column.",
        "`Germany: {regoin: DACH}`",
    ),
    "table.duplicate-key": CodeEntry(
        "Two keys of a lookup table that a lookup cannot tell apart.",
        "Remove or rename one.",
        "rows `Germany` and `germany`",
    ),
    "table.too-large": CodeEntry(
        "A lookup table of more cells than formulas can hold (20,000).",
        "Split it, or leave columns out.",
        "10,000 rows of 3 columns",
    ),
    # Formulas.
    "rule.tier-unreachable": CodeEntry(
        "No lead can get this tier, by the bounds of all formulas and weights.",
        "Move the limits of the tiers, or change what the factors can give.",
        "a tier from 90 where at most 85 points can be reached",
    ),
    "rule.unused": CodeEntry(
        "A field, table, list, intermediate or factor that nothing uses. Told only when there is no error.",
        "Use it, or remove it.",
        "a list that no formula names",
    ),
    "rule.zero-weight": CodeEntry(
        "A component or factor that never counts.", "Give it a weight, or remove it.", "`weight: 0`"
    ),
    "rule.duplicate-entry": CodeEntry(
        "A list holds an entry twice; formulas compare without regard to case.",
        "Remove one.",
        "`[Software, software]`",
    ),
    "formula.syntax": CodeEntry(
        "A formula that cannot be read.", "The message says at which character.", "`=IF(years>10,1`"
    ),
    "formula.unknown-name": CodeEntry(
        "A formula uses a name that is no field, intermediate, list or factor in its reach.",
        "Correct the name; the hint suggests one.",
        "`=yaers/10`",
    ),
    "formula.unsupported-function": CodeEntry(
        "A function or a construct that production does not compute.",
        "Use another; see `formula functions`.",
        "`=HYPERLINK(…)`",
    ),
    "formula.other-dialect": CodeEntry(
        "A function that the workbook's program does not have: production computes it, the sheet shows #NAME?.",
        "Use the function shown, or say `formulas: {dialect: …}` in `mergecells.yaml`.",
        '`=REGEXMATCH(title,"chief")` with the dialect excel',
    ),
    "formula.volatile": CodeEntry(
        "A function whose result changes by itself: the same lead would score differently.",
        "Use a field of the lead, or the evaluation date.",
        "`=RAND()`",
    ),
    "formula.circular": CodeEntry(
        "Intermediates that need one another.", "Break the circle shown.", "`a: =b+1`, `b: =a`"
    ),
    "formula.error-value": CodeEntry(
        "A formula gives an error or a text where a number is needed, for the sample lead or an example.",
        "Guard it, with IFERROR or a test for blank.",
        "`=1/0`",
    ),
    "formula.lookup-miss": CodeEntry(
        "An exact lookup does not find values that leads have: the sample lead, an example, or the manifest's leads.",
        "Add rows for them, or correct the spelling.",
        '`VLOOKUP(country,countries,3,FALSE)` and a lead of "Brasil"',
    ),
    "formula.range": CodeEntry(
        "A factor's or component's value outside 0..1; production cuts it off.",
        "Scale it, or cut it with MIN and MAX.",
        "`=years`",
    ),
    "formula.bound": CodeEntry(
        "A factor or component that always gives the same, never reaches what its weight promises, or can leave 0..1.",
        "Scale it, cut it with MIN and MAX, or correct its weight.",
        "`=MIN(0.5,years/10)`",
    ),
    "formula.dead-branch": CodeEntry(
        "A branch that can never be taken: its condition is decided before it is asked.",
        "Correct the limits or the order of the conditions, or remove the branch.",
        "`=IF(years>=10,1,IF(years>=20,0.5,0))`",
    ),
    "formula.type-mix": CodeEntry(
        "Types that do not go together: a comparison that the types alone decide, arithmetic on a text, a cell that a "
        "function skips.",
        "Correct the field's type, or convert the value.",
        '`=IF(years="ten",1,0)`',
    ),
    "formula.overwritten": CodeEntry(
        "A constant stands where the base had a formula: the same for every lead.",
        "Put the formula back, or keep the constant (in a workbook as `=0.7`) if it is meant.",
        "0.7 typed over `=MIN(1,years/10)`",
    ),
    "formula.pattern": CodeEntry(
        "A cell of a computed column does not compute as those of the other rows, so the workbook shows another score.",
        "Run `mergecells fill --apply`, or copy the cell from another row.",
        "1 typed into the column `value` of a factor",
    ),
    "formula.stale-value": CodeEntry(
        "The workbook showed another value than its formula gives, or none.",
        "Recalculate the workbook and save it.",
        "a workbook saved without recalculation",
    ),
    "formula.engine-mismatch": CodeEntry(
        "Two independent engines compute different results.",
        "Write the formula in a simpler way, and report it.",
        "none known",
    ),
    "formula.engine-unavailable": CodeEntry(
        "An independent engine did not run, so its comparison is missing.",
        "Install the `check` extra; see the message.",
        "xlcalculator is not installed",
    ),
    "example.mismatch": CodeEntry(
        "A golden example gets another tier or score than it must.",
        "Mend the rules, or the expectation if the change is meant.",
        "expected tier A, actual B",
    ),
    # The workbook.
    "workbook.unreadable": CodeEntry(
        "The file is not a workbook that can be read.", "Save it as .xlsx.", "a text file"
    ),
    "workbook.type": CodeEntry("A cell of the wrong type.", "Type a value of the type named.", "`'0.3` as text"),
    "workbook.missing-tab": CodeEntry("A tab is missing.", "Fill the workbook again.", "the tab Factors deleted"),
    "workbook.header": CodeEntry("A column's title is missing or twice.", "Restore row 1.", "`weight` overwritten"),
    "workbook.hidden": CodeEntry(
        "A hidden tab or row, which is read all the same.",
        "Show it, or delete it.",
        "hidden rows of Factors",
    ),
    "workbook.merged": CodeEntry(
        "Merged cells in a table.",
        "Unmerge them: each row needs its own cells.",
        "`Factors!A2:A4` merged",
    ),
    "workbook.removed": CodeEntry(
        "A value in, or a row below, a row that says `remove`.",
        "Clear `remove`, or what stands in and below the row.",
        "a weight beside `remove` TRUE",
    ),
    "workbook.unknown-base": CodeEntry(
        "The files that the workbook was filled from are not here.",
        "Look through what the fill keeps as edits, before you submit.",
        "a workbook of another repository",
    ),
    "merge.conflict": CodeEntry(
        "The sheet and main changed the same cell in different ways.",
        "Choose one of the values shown.",
        "0.3 → 0.4 and 0.2",
    ),
    "change.too-large": CodeEntry(
        "Many rows deleted or cells blanked at once.",
        "Check that it is meant; then use --allow-large.",
        "a cleared column",
    ),
    "change.impact": CodeEntry(
        "More of the manifest's leads change tier than it allows, or they could not be scored.",
        "Look at the impact; if it is meant, use --allow-large.",
        "a tier's minimum of 40 instead of 60",
    ),
    # What must not be in a config.
    "security.secret": CodeEntry(
        "A text that looks like a key or a token.", "Remove it, and revoke the key.", "a private key block"
    ),
    "security.path": CodeEntry(
        "A path that leaves the config root, or is no plain file.",
        "Use a path inside the root.",
        "`file: ../other.yaml` in the manifest",
    ),
    "security.symlink": CodeEntry(
        "A symbolic link; links are never followed.", "Replace it with the file itself.", "a link to `/etc/passwd`"
    ),
    "security.submodule": CodeEntry(
        "A git submodule; its files are no part of the revision.", "Copy the files.", "`scoring/` as a submodule"
    ),
    # Prompts, routes, budgets, prices.
    "prompt.syntax": CodeEntry(
        "The text of a prompt cannot be read, uses what a prompt may not, or fails with its samples.",
        "Mend the line; docs/prompts.md lists what there is.",
        "`{% if tier %}` without `{% endif %}`, `{{ name.upper() }}`",
    ),
    "prompt.undeclared-variable": CodeEntry(
        "The text uses a variable that is not among the inputs.",
        "Declare it, or spell it as declared.",
        "`{{ compnay }}`",
    ),
    "prompt.unused-variable": CodeEntry(
        "An input that the text does not use.", "Use it, or take it out.", "`inputs: {tone: {}}`, and no `{{ tone }}`"
    ),
    "prompt.slug-mismatch": CodeEntry(
        "The prompt's name is not that of its file.", "Rename one of them.", "`name: hook` in `prompts/hooks.md`"
    ),
    "prompt.unknown-partial": CodeEntry(
        "An include names a partial that is not there.",
        "Add the file to `prompts/partials/`, or mend the name.",
        '`{% include "tnoe" %}`',
    ),
    "prompt.input": CodeEntry(
        "A sample, a default or an example that does not fit the declared inputs.",
        "Give a value of the input's kind.",
        "`count: {kind: integer, sample: five}`",
    ),
    "prompt.outputs": CodeEntry(
        "`outputs` is no JSON Schema.", "Mend it; `type` is one of JSON's types.", "`outputs: {type: text}`"
    ),
    "prompt.too-long": CodeEntry(
        "The text is longer than a prompt of its type may be.",
        "Shorten it, or move what is shared to a partial.",
        "a hook of 5,000 characters",
    ),
    "prompt.too-many-tokens": CodeEntry(
        "The rendered prompt and its answer do not fit a model that serves it; the method of counting is named.",
        "Shorten it, lower `maxOutputTokens`, or route it to a larger model.",
        "`maxOutputTokens: 100000` for a model of 8,000",
    ),
    "prompt.contradiction": CodeEntry(
        "Two instructions that cannot both be followed.", "Keep one of them.", "`Be brief.` and `Be detailed.`"
    ),
    "prompt.vague": CodeEntry(
        "Words that leave to the model what is meant.", "Say it with a number or an example.", "`of reasonable length`"
    ),
    "prompt.json-without-format": CodeEntry(
        "JSON is asked for, and nothing says in which form.", "State a JSON Schema as `outputs`.", "`Answer as JSON.`"
    ),
    "prompt.personal-data": CodeEntry(
        "A text or sample that looks like the data of a person.",
        "Take it out; use what is reserved for examples.",
        "a mail address that is not of example.com",
    ),
    "prompt.not-checked": CodeEntry(
        "Jinja2 is not installed, so the texts of prompts were not read.",
        "Install `mergecells[prompts]`.",
        "`pip install mergecells` alone",
    ),
    "route.unknown-model": CodeEntry(
        "A prompt, a ladder or a price names a model that `routing.yaml` does not have.",
        "Add the model, or spell it as there.",
        "`ladder: {gtp-4.1: {}}`",
    ),
    "route.unknown-provider": CodeEntry(
        "A model of a provider that is not there, or a prompt that names another one.",
        "Add the provider, or spell it as there.",
        "`provider: opneai`",
    ),
    "route.base-url": CodeEntry(
        "An OpenAI-compatible server without an address.", "State its `base_url`.", "`own: {kind: openai-compatible}`"
    ),
    "route.limits": CodeEntry(
        "A model whose answer is larger than its context.",
        "Mend the limits.",
        "`context_tokens: 8000, max_output_tokens: 16000`",
    ),
    "route.capability": CodeEntry(
        "A prompt with an image is routed to a model that reads none.",
        "Give the prompt a ladder of its own, of models with `vision: true`.",
        "a screenshot for a model of texts",
    ),
    "route.unknown-intent": CodeEntry(
        "An intent that is neither one of the six nor the name of a prompt: nothing ever takes it.",
        "Spell it as the prompt.",
        "`intents: {email_bdoy: …}`",
    ),
    "route.no-fallback": CodeEntry(
        "A ladder of one model or none.", "Add a model, of another provider if you can.", "`ladder: {gpt-4.1: {}}`"
    ),
    "route.unreachable-rung": CodeEntry(
        "A model that is never tried.",
        "Let the one before it fall through, or take it out.",
        "after a rung with `fall_through: none`",
    ),
    "route.never-matches": CodeEntry(
        "A rule of detection that does nothing.",
        "Mend it, or take it out.",
        '`pattern: "a^"`; weights below the threshold',
    ),
    "route.pattern": CodeEntry(
        "A pattern that is no regular expression of RE2's syntax.", "Mend it.", '`pattern: "("`'
    ),
    "price.missing": CodeEntry(
        "A model that is used has no price, so no budget can hold it. A warning without the bundled table.",
        "Add it to `prompts/prices.yaml`.",
        "a server of one's own",
    ),
    "route.unknown-classifier": CodeEntry(
        "The classifier of routing.yaml is no prompt.",
        "Name a prompt with the inputs message and intents, or leave it out.",
        "`classifier: intent_classifer`",
    ),
    "quality.weights": CodeEntry(
        "No dimension of quality has a weight; as a warning, one that weighs nothing and can still fail a result.",
        "Give it a weight above 0.",
        "`completeness: {weight: 0}` alone",
    ),
    "quality.judge": CodeEntry(
        "The judge of quality.yaml is no prompt, or no prompt that can judge.",
        "Name a prompt with the inputs task, answer and dimensions, and the four dimensions in its `outputs`.",
        "`judge: qualty_judge`",
    ),
    "budget.order": CodeEntry(
        "A budget that warns after it halts; as a warning, a part that may spend more than the whole.",
        "Let `warn` be at most `halt`.",
        "`run: {warn: 5, halt: 1}`",
    ),
    "prompt.front-matter": CodeEntry(
        "A prompt's file has no front matter between two lines `---`.",
        "Begin it with one; a shared piece of text goes to `prompts/partials/`.",
        "a file with the text alone",
    ),
    "prompt.duplicate-slug": CodeEntry(
        "Two prompts have one slug, so that one would hide the other.",
        "Rename one of the files.",
        "`prompts/hook.md` and `prompts/emails/hook.md`",
    ),
}


CODES_PAGE = "docs/checks.md"


def render_codes() -> str:
    """`docs/checks.md`, the table for people."""
    lines = [
        "# What `mergecells check` finds",
        "",
        "Generated from `transforms/finding_codes.py` by `mergecells schema export`; do not edit.",
        "",
        "| code | means | what to do | example |",
        "| --- | --- | --- | --- |",
    ]
    lines += [f"| `{code}` | {entry.meaning} | {entry.remedy} | {entry.example} |" for code, entry in CODES.items()]
    return "\n".join(lines) + "\n"
