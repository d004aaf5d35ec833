"""The ConfigSet of the config root, for commands that need its prompts and what belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mergecells.apps.cli.console import CliContext
from mergecells.domain.errors import MergecellsError

if TYPE_CHECKING:
    from mergecells.domain.configset import ConfigSet


def whole_config(context: CliContext) -> ConfigSet:
    """Raises MergecellsError when the files make no config; the checks of `mergecells check` are not run."""
    from mergecells.adapters.tree_files import read_config_files
    from mergecells.transforms.yaml_to_config import load_config

    config = load_config(read_config_files(context.config_root).files).config
    if config is None:
        raise MergecellsError("The config cannot be read.", "`mergecells check` says why.")
    return config
