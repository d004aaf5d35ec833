"""`prompts/budgets.yaml`: how much the LLM calls of a run, a node, a persona, a day and all together may cost."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from mergecells.domain.scoring import ConfigModel

BUDGETS_FILE = "prompts/budgets.yaml"
Scope = Literal["run", "node", "persona", "day", "total"]
SCOPE_PATTERN = r"^(run|day|total|(node|persona)(:[^\x00-\x20\x7f]{1,100})?)$"
ScopeName = Annotated[str, StringConstraints(pattern=SCOPE_PATTERN)]
"""`run`, `day`, `total`; `node` and `persona` for each of them, `persona:NAME` for the one of that name."""

Dollars = Annotated[float, Field(ge=0, le=1_000_000_000, allow_inf_nan=False)]


class Budget(ConfigModel):
    """In US dollars. A call whose worst case would pass `halt` is refused before it is made."""

    warn: Dollars = Field(default=1.0, description="From here on the caller is warned.")
    halt: Dollars = Field(default=5.0, description="Never more than this.")
    description: str = ""


class Budgets(ConfigModel):
    """`prompts/budgets.yaml`. A scope that is not listed has no limit; without the file, a run has the default one."""

    budgets: dict[ScopeName, Budget] = Field(default_factory=lambda: {"run": Budget()})

    def find(self, scope: Scope, name: str = "") -> Budget | None:
        """The budget of one run, node …: that of its name where there is one, else that of its scope."""
        return self.budgets.get(f"{scope}:{name}") or self.budgets.get(scope)
