"""Every check of a config in one run: shape, cross-row rules, formulas, examples, secrets, outsized changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mergecells.domain.configset import FIELDS_FILE, RULES_FILE, TABLES_FOLDER, ConfigSet, Document, LoadResult
from mergecells.domain.errors import MergecellsError
from mergecells.domain.findings import Finding, count_findings, has_errors, sort_findings
from mergecells.domain.impact import Impact
from mergecells.domain.manifest import Manifest
from mergecells.domain.revision import Files
from mergecells.domain.scoring import Dialect, Fields, RuleSet
from mergecells.domain.tables import Tables
from mergecells.transforms.call_check import check_calls
from mergecells.transforms.change_check import check_change
from mergecells.transforms.collector import paused_collector
from mergecells.transforms.custom_tab_check import check_custom_tabs
from mergecells.transforms.engine_cases import LeadCounts, engine_cases
from mergecells.transforms.engine_check import check_engines
from mergecells.transforms.example_check import check_examples
from mergecells.transforms.formula_analysis import AnalysisMemo
from mergecells.transforms.formula_check import check_formula_texts
from mergecells.transforms.formula_engines import ENGINES, EngineCount, EngineName, Recompute
from mergecells.transforms.formula_results import Result, check_results, compute_results
from mergecells.transforms.formula_sites import FormulaSites, collect_sites
from mergecells.transforms.locate import Locator, index_cells
from mergecells.transforms.lookup_miss import check_lookup_misses, count_values, exact_lookups, unread_leads
from mergecells.transforms.lookup_tables import table_values
from mergecells.transforms.output_check import check_outputs
from mergecells.transforms.overwritten_check import check_overwritten
from mergecells.transforms.range_witness import observe
from mergecells.transforms.reference_check import fitting_verticals
from mergecells.transforms.rule_check import check_rules, without_echoes
from mergecells.transforms.rule_view import base_view, merged_views
from mergecells.transforms.salvage import salvage_rules, salvage_table
from mergecells.transforms.secret_check import check_secrets
from mergecells.transforms.stale_check import check_shown_values
from mergecells.transforms.static_check import check_static
from mergecells.transforms.tables import table_specs, tables_from_documents
from mergecells.transforms.tokens import PromptCounter, guess_prompt_tokens
from mergecells.transforms.unused_check import check_duplicate_entries, check_unused
from mergecells.transforms.yaml_shape import validate_document
from mergecells.transforms.yaml_to_config import Load, load_config

if TYPE_CHECKING:
    from mergecells.authoring.leads_impact import ReadLeads


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What was found, sorted; how many formula results each engine computed (nothing is skipped unseen).

    `leads`: what a change does to real leads, where that was measured. `tried`: what the engines were compared on.
    """

    findings: tuple[Finding, ...]
    engines: Mapping[str, EngineCount] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    leads: Impact | None = None
    tried: LeadCounts = field(default_factory=LeadCounts)

    @property
    def ok(self) -> bool:
        """True without errors; warnings stop nothing."""
        return not has_errors(self.findings)

    @property
    def counts(self) -> dict[str, int]:
        """Findings by severity."""
        return count_findings(self.findings)


def check_files(
    files: Files,
    *,
    tables: Tables | None = None,
    base_files: Files | None = None,
    allow_large: bool = False,
    recompute: Recompute | None = None,
    read_leads: ReadLeads | None = None,
    load: Load = load_config,
    count: PromptCounter = guess_prompt_tokens,
) -> CheckReport:
    """Check the config that `files` hold and report everything at once; a user's mistake never raises.

    `tables`: what was read from the workbook, for its cells and for the values that it showed. `base_files`: the config
    that a change starts from, to notice an outsized change, which `allow_large` permits. `recompute`: the outside
    formula engines; without them the report says that nothing was compared with them. `read_leads` reads the leads that
    the manifest names, whose values lookups should find. `load` may remember what else was loaded for the same work.
    `count` tells the tokens of prompts that may be too long.
    """
    with paused_collector():
        return _checked(files, tables, base_files, allow_large, recompute, read_leads, load, count)


def _checked(
    files: Files,
    tables: Tables | None,
    base_files: Files | None,
    allow_large: bool,
    recompute: Recompute | None,
    read_leads: ReadLeads | None,
    load: Load,
    count: PromptCounter,
) -> CheckReport:
    loaded = load(files)
    custom, documents = check_custom_tabs(files, _manifest(loaded), loaded.documents)
    shown = tables if tables is not None else _tables(documents, _manifest(loaded))
    locator = Locator(documents, index_cells(shown), files)
    findings = [*loaded.findings, *custom, *check_secrets(documents, locator)]
    engines: Mapping[str, EngineCount] = {}
    tried = LeadCounts()
    if loaded.config:
        findings += check_rules(loaded.config, locator)
        findings += check_calls(loaded.config, locator, count)
        findings += check_outputs(loaded.config, locator)
        # What only a broken part uses would look unused.
        sound = not has_errors(findings)
        formula_findings, engines, tried = _check_formulas(loaded.config, locator, tables, recompute, sound)
        findings += _check_lookups(loaded.config, locator, read_leads)
        findings += formula_findings
        findings += check_examples(loaded.config, locator)
    elif RULES_FILE in documents:
        findings += _check_salvage(documents, locator, _manifest(loaded).formulas.dialect)
    if base_files is not None:
        findings = _check_change(load(base_files), shown, loaded, allow_large, locator, findings)
    found = sort_findings(locator.with_cells(findings))
    return CheckReport(tuple(found), engines, tuple(sorted(documents)), tried=tried)


def _check_salvage(documents: Mapping[str, Document], locator: Locator, dialect: Dialect) -> list[Finding]:
    """Rules of the wrong shape somewhere: their other mistakes are told in the same run. Nothing is computed."""
    salvage = salvage_rules(documents[RULES_FILE])
    if salvage is None:
        return []
    named = documents.get(FIELDS_FILE) if salvage.names_are_known else None
    fields = validate_document(named, Fields)[0] if named else None
    tables = {
        file[len(TABLES_FOLDER) : -len(".yaml")]: table
        for file, document in documents.items()
        if file.startswith(TABLES_FOLDER) and (table := salvage_table(document)) is not None
    }
    config = ConfigSet(
        Manifest(), RuleSet(rules=salvage.rules, fields=fields, tables=tables, dialect=dialect), documents
    )
    sites = collect_sites(base_view(config, locator, salvage.incomplete), fields, tables)
    return [*check_rules(config, locator, salvage.incomplete), *check_formula_texts(sites)]


def _manifest(loaded: LoadResult) -> Manifest:
    return loaded.config.manifest if loaded.config else Manifest()


def _tables(documents: Mapping[str, Document], manifest: Manifest) -> Tables:
    return tables_from_documents(table_specs(documents, manifest), documents)


def _check_formulas(
    config: ConfigSet, locator: Locator, tables: Tables | None, recompute: Recompute | None, sound: bool
) -> tuple[list[Finding], dict[str, EngineCount], LeadCounts]:
    wanted = _wanted(config.manifest)
    if recompute:
        recompute.prepare(wanted)
    views = [base_view(config, locator), *merged_views(config, locator, fitting_verticals(config))]
    findings: list[Finding] = []
    computed: list[tuple[FormulaSites, list[Result]]] = []
    all_sites = [collect_sites(view, config.rules.fields, config.rules.tables) for view in views]
    observed, memo = observe(config), AnalysisMemo(table_values(config.rules.tables))
    for sites in all_sites:
        results = compute_results(config, sites)
        findings += [*check_formula_texts(sites), *check_results(sites, results)]
        findings += check_static(sites, config.rules.fields, results, observed, memo)
        computed.append((sites, results))
        if tables is not None:
            findings += check_shown_values(sites, results, tables, config.manifest.checks.evaluation_date is not None)
    findings += check_duplicate_entries(config, locator)
    if sound and not has_errors(findings):
        findings += check_unused(config, locator, all_sites)
    cases, tried = engine_cases(config, computed)
    engine_findings, engines = check_engines(cases, recompute, wanted)
    return list(without_echoes([*findings, *engine_findings])), engines, tried


def _wanted(manifest: Manifest) -> tuple[EngineName, ...]:
    """The outside engines that the manifest does not switch off."""
    return tuple(engine for engine in ENGINES if getattr(manifest.checks, engine))


def _check_lookups(config: ConfigSet, locator: Locator, read_leads: ReadLeads | None) -> list[Finding]:
    """The base rules with all leads; each vertical with its examples, for the file does not say whose its leads are."""
    findings: list[Finding] = []
    for view in (base_view(config, locator), *merged_views(config, locator, fitting_verticals(config))):
        sites = collect_sites(view, config.rules.fields, config.rules.tables)
        found = None
        if view.vertical is None and read_leads is not None and config.manifest.impact is not None:
            lookups = exact_lookups(config, sites)
            try:
                leads = read_leads(config.manifest.impact, config.rules.fields) if lookups else ()
                found = count_values(lookups, (each.lead for each in leads))
            except MergecellsError as error:
                findings.append(unread_leads(error.message))
        findings += check_lookup_misses(config, sites, found)
    return list(without_echoes(findings))


def _check_change(
    base: LoadResult, head: Tables, loaded: LoadResult, allow_large: bool, locator: Locator, findings: list[Finding]
) -> list[Finding]:
    """The findings, and what the change from the base adds. A formula that became a constant is told as that only."""
    before = _tables(base.documents, _manifest(base))
    overwritten = list(check_overwritten(before, head, locator))
    places = {(each.file, each.line) for each in overwritten}
    kept = [each for each in findings if each.code != "formula.bound" or (each.file, each.line) not in places]
    return [*kept, *overwritten, *check_change(before, head, _manifest(loaded).checks, allow_large)]
