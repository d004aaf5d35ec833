"""All dashboards."""

from __future__ import annotations

from typing import Final

from dashboards.config_boards import OVERVIEW, PIPELINE, SERVICES
from dashboards.llm_boards import LLM, PEOPLE, QUALITY
from dashboards.model import Dashboard
from dashboards.scoring_boards import SCORING

BOARDS: Final[tuple[Dashboard, ...]] = (OVERVIEW, PIPELINE, SERVICES, SCORING, LLM, QUALITY, PEOPLE)
