"""An immutable, compiled config at one revision: what a service scores with."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from mergecells.domain.configset import ConfigSet
from mergecells.domain.prompts import Prompt
from mergecells.domain.revision import Revision
from mergecells.transforms.rule_places import RulePlaces
from mergecells.transforms.score import LeadColumns, Score, Scorer
from mergecells.transforms.score_result import ScoreColumns

if TYPE_CHECKING:
    from mergecells.domain.explanation import Explanation

LoadedFrom = Literal["bundle", "yaml"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that one request needs, all of one revision. Take it once a request: `snapshot = config.current`.

    `digest` is the SHA-256 over all config files. `notes` say what a person may want to know about how it was loaded
    (a damaged bundle, for instance).
    """

    revision: Revision
    digest: str
    config: ConfigSet
    scorer: Scorer
    loaded_from: LoadedFrom
    notes: tuple[str, ...] = ()
    field_names: frozenset[str] | None = None
    """Lower-case names of the lead's fields; None without `scoring/fields.yaml`, when every name is taken."""
    places: RulePlaces = field(default_factory=lambda: RulePlaces({}), repr=False, compare=False)
    """Where each weight and formula stands; nothing is parsed before the first `explain`."""
    traceparent: str = field(default="", repr=False, compare=False)
    """The trace of the change that made this revision, see `domain.loop_trace`; empty where nobody began one."""

    @property
    def prompts(self) -> Mapping[str, Prompt]:
        """The prompts of this revision by slug."""
        return self.config.prompts

    def score(self, lead: Mapping[str, Any], date: datetime.date | None = None, vertical: str | None = None) -> Score:
        """Score one lead (field name → value); see `Scorer.score`."""
        return self.scorer.score(lead, date, vertical)

    def score_many(
        self,
        leads: LeadColumns,
        date: datetime.date | None = None,
        vertical: str | None = None,
        *,
        texts: bool = False,
    ) -> ScoreColumns:
        """Score many leads given as columns of one length, or as a table; see `Scorer.score_many`."""
        return self.scorer.score_many(leads, date, vertical, texts=texts)

    def explain(
        self, lead: Mapping[str, Any], date: datetime.date | None = None, vertical: str | None = None
    ) -> Explanation:
        """Score one lead and say why: what each factor added, from which formula, cell and line.

        The first call at a revision reads the positions from the YAML. Raises UsageError as `score`.
        """
        from mergecells.transforms.explain import explain_lead

        return explain_lead(self.config.rules, self.scorer, self.places, lead, date, vertical)
