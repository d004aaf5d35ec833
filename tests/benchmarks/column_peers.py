# ruff: noqa: E501 - one rule, one line
"""The default rules of `scoring/rules.yaml` written by hand, all 37 factors, in Polars and in NumPy.

Clean semantics: blanks are treated as each rule says, and nothing else that can go wrong is: no texts in number fields, no
error values, no issues, no equality in 15 digits, no rounding of binary noise. Outputs are those of `score_many`: points
of each component, score, tier.
"""

from __future__ import annotations

import datetime
import math
from typing import Any

import numpy as np
import polars as pl

TARGET = ["software", "financial services", "insurance", "logistics", "telecommunications"]
ADJACENT = ["manufacturing", "healthcare", "professional services", "retail"]
CORE = ["united states", "canada", "united kingdom", "germany", "netherlands", "sweden"]
PARTNERS = ["austria", "switzerland", "denmark", "ireland", "australia"]
FREE = ["gmail.com", "outlook.com", "hotmail.com", "yahoo.com", "icloud.com", "gmx.de"]
DEPARTMENTS = {"sales": 1.0, "revenue operations": 1.0, "marketing": 0.8, "it": 0.5}
SYSTEMS = {"salesforce": 1.0, "hubspot": 1.0, "dynamics": 0.7, "": 0.0}
CHANNELS = {"referral": 1.0, "partner": 0.9, "event": 0.7, "organic search": 0.6, "paid search": 0.5, "cold list": 0.1,
            "": 0.0}  # fmt: skip
TOP = ("chief", "ceo", "cto", "owner")
UPPER = ("vp", "head", "director")
HEADS = ([0, 10, 50, 200, 1000, 5000], [0.1, 0.3, 0.7, 1, 0.8, 0.6])
MONEY = ([0, 1, 5, 20, 100], [0, 0.3, 0.6, 1, 0.9])


def in_polars(lead: pl.DataFrame, day: datetime.date, *, raw: bool) -> pl.DataFrame:
    """`raw`: every column holds strings, blank is ""; else floats, booleans, dates, and texts as the number of an Enum."""

    def number(name: str) -> pl.Expr:
        return pl.col(name).cast(pl.Float64, strict=False) if raw else pl.col(name)

    def positive(name: str) -> pl.Expr:
        return number(name).fill_null(0.0).clip(lower_bound=0.0)

    def share(value: pl.Expr) -> pl.Expr:
        return value.clip(upper_bound=1.0)

    def flag(name: str) -> pl.Expr:
        return (pl.col(name) == "true").cast(pl.Float64) if raw else pl.col(name).fill_null(False).cast(pl.Float64)

    def date(name: str) -> pl.Expr:
        return pl.col(name).str.to_date("%Y-%m-%d", strict=False) if raw else pl.col(name)

    def by_text(name: str, rule: Any) -> pl.Expr:
        """A rule over one text: on the column itself, or once for each category."""
        if raw:
            return rule(pl.col(name)).fill_null(0.0)
        kinds = lead.schema[name].categories  # type: ignore[attr-defined]
        texts = pl.DataFrame({"text": pl.concat([kinds, pl.Series([""])])})
        shares = texts.select(rule(pl.col("text")).cast(pl.Float64).fill_null(0.0)).to_series()
        return pl.lit(shares).gather(pl.col(name).to_physical()).fill_null(shares[-1])

    def plain(text: pl.Expr) -> pl.Expr:
        return text.str.strip_chars(" ").str.to_lowercase()

    def industry(text: pl.Expr) -> pl.Expr:
        text = plain(text)
        return pl.when(text.is_in(TARGET)).then(1.0).when(text.is_in(ADJACENT)).then(0.5).otherwise(0.0)

    def use(text: pl.Expr) -> pl.Expr:
        low = text.str.to_lowercase()
        found = low.str.contains("routing", literal=True) | low.str.contains("scoring", literal=True)
        return pl.when(found).then(1.0).when(text.str.strip_chars(" ").str.len_chars() >= 20).then(0.5).otherwise(0.0)

    def country(text: pl.Expr) -> pl.Expr:
        return (
            pl.when(plain(text).is_in(CORE))
            .then(1.0)
            .when(plain(text).is_in(PARTNERS))
            .then(0.6)
            .when(text == "")
            .then(0.0)
            .otherwise(0.3)
        )

    def mail(text: pl.Expr) -> pl.Expr:
        domain = text.str.strip_chars(" ").str.splitn("@", 2).struct.field("field_1").fill_null("").str.to_lowercase()
        return (
            pl.when(~domain.str.contains(".", literal=True)).then(0.0).when(domain.is_in(FREE)).then(0.3).otherwise(1.0)
        )

    def phone(text: pl.Expr) -> pl.Expr:
        return (text.str.replace_all(" ", "", literal=True).str.len_chars() >= 8).cast(pl.Float64)

    def title(text: pl.Expr) -> pl.Expr:
        words = pl.concat_str(
            pl.lit(" "),
            text.str.replace_all(",", " ", literal=True).str.strip_chars(" ").str.to_lowercase(),
            pl.lit(" "),
        )
        return (
            pl.when(text.str.strip_chars(" ") == "").then(0.0)
            .when(words.str.contains_any([f" {word} " for word in TOP])).then(1.0)
            .when(words.str.contains_any([f" {word} " for word in UPPER])).then(0.8)
            .when(words.str.contains(" manager ", literal=True)).then(0.5)
            .otherwise(0.2)
        )  # fmt: skip

    def one_of(choices: dict[str, float], otherwise: float) -> Any:
        return lambda text: plain(text).replace_strict(choices, default=otherwise, return_dtype=pl.Float64)

    def steps(value: pl.Expr, table: tuple[list[float], list[float]]) -> pl.Expr:
        result: Any = pl.when(value < table[0][1]).then(float(table[1][0]))
        for low, found in zip(table[0][2:], table[1][1:], strict=False):
            result = result.when(value < low).then(float(found))
        return result.otherwise(float(table[1][-1]))

    def ratio(above: pl.Expr, below: pl.Expr) -> pl.Expr:
        value = above / below
        return pl.when(value.is_finite()).then(share(value.clip(lower_bound=0.0))).otherwise(0.0)

    years, size, hours, decide = (
        number("years"),
        number("employees"),
        number("timezone_offset"),
        number("months_to_decision"),
    )
    funded, renewed, seen = date("last_funding_date"), date("renewal_date"), date("last_activity_date")
    months = (
        (day.year - funded.dt.year()) * 12
        + (day.month - funded.dt.month())
        - (funded.dt.day() > day.day).cast(pl.Int32)
    )
    sent = number("emails_sent").fill_null(0.0)
    industry_match, use_match = by_text("industry", industry), by_text("use_case", use)
    asked = flag("demo_requested")
    points = {
        "company_info": 8 * (0.3 * share(positive("name_quality"))
            + 0.7 * pl.when(years >= 10).then(1.0).otherwise(share(positive("years") / 10))),
        "company_size": 9 * (0.6 * pl.when(size.is_null()).then(0.0).otherwise(steps(size, HEADS))
            + 0.4 * steps(positive("revenue_millions"), MONEY)),
        "industry_fit": 8 * pl.when(industry_match == 0).then(0.15 * use_match).otherwise(0.7 * industry_match + 0.3 * use_match),
        "geography": 5 * (0.6 * by_text("country", country)
            + 0.2 * by_text("language", lambda text: text.str.to_lowercase().is_in(["english", "german"]).cast(pl.Float64))
            + 0.2 * (1 - hours.abs() / 10).clip(lower_bound=0.0).fill_null(0.0)),
        "contact_quality": 7 * (0.5 * by_text("email", mail) + 0.2 * by_text("phone", phone) + 0.3 * flag("linkedin_profile")),
        "seniority": 8 * (0.7 * by_text("job_title", title) + 0.3 * flag("decision_maker")),
        "buying_group": 5 * (0.4 * share(positive("stakeholder_count") / 4) + 0.4 * flag("champion_identified")
            + 0.2 * by_text("department", one_of(DEPARTMENTS, 0.0))),
        "budget_fit": 9 * (0.5 * ratio(number("budget").fill_null(0.0), positive("seats") * positive("price_per_seat"))
            + 0.3 * flag("budget_confirmed")
            + 0.2 * pl.when(funded.is_null()).then(0.0).when(funded > day).then(1.0)
                .otherwise((1 - months / 36).clip(lower_bound=0.0))),
        "timing": 7 * (0.7 * pl.when(decide.is_null()).then(0.0).when(decide <= 3).then(1.0).when(decide <= 6).then(0.7)
                .when(decide <= 12).then(0.4).otherwise(0.1)
            + 0.3 * (1 - (renewed - day).dt.total_days().abs() / 365).clip(lower_bound=0.0).fill_null(0.0)),
        "tech_fit": 7 * (0.5 * by_text("crm_system", one_of(SYSTEMS, 0.3)) + 0.2 * share(positive("tools_in_use") / 8)
            + 0.3 * share(positive("cloud_percent") / 100)),
        "web_engagement": 8 * (0.4 * share(positive("website_visits").log1p() / math.log(21))
            + 0.4 * share(positive("pricing_views") / 3) + 0.2 * share(positive("minutes_on_site") / 15).round(2)),
        "email_engagement": 5 * (0.3 * ratio(number("emails_opened").fill_null(0.0), sent)
            + 0.4 * ratio(20 * number("emails_clicked").fill_null(0.0), sent) + 0.3 * flag("replied")),
        "content_engagement": 5 * pl.max_horizontal(asked, 0.7 * share(
            (number("resources_downloaded").fill_null(0.0) + 2 * number("webinars_attended").fill_null(0.0)).clip(lower_bound=0.0) / 6)),
        "source_quality": 5 * (0.8 * by_text("lead_source", one_of(CHANNELS, 0.3))
            + 0.2 * by_text("campaign", lambda text: text.str.starts_with("ABM-").cast(pl.Float64))),
        "relationship": 4 * (0.6 * share((1 - (pl.lit(day) - seen).dt.total_days() / 90).clip(lower_bound=0.0)).fill_null(0.0)
            + 0.4 * flag("existing_customer")),
    }  # fmt: skip
    frame = lead.lazy().select(**points).with_columns(score=pl.sum_horizontal(list(points)))
    value = pl.col("score")
    tiers = pl.when(value >= 80).then(0).when(value >= 60).then(1).when(value >= 40).then(2).otherwise(3)
    return frame.with_columns(tier=tiers.cast(pl.UInt8)).collect()


def in_numpy(lead: dict[str, Any], day: datetime.date) -> dict[str, Any]:
    """From prepared columns: floats with NaN for blank, booleans as floats, dates as day numbers (float), and texts as
    (codes, categories), the last category being the blank."""

    def positive(name: str) -> Any:
        return np.maximum(np.nan_to_num(lead[name]), 0.0)

    def by_text(name: str, rule: Any) -> Any:
        codes, kinds = lead[name]
        return np.array([rule(kind) for kind in kinds], dtype=np.float64)[codes]

    def title(text: str) -> float:
        words = f" {text.replace(',', ' ').strip(' ').lower()} "
        if not text.strip(" "):
            return 0.0
        if any(f" {word} " in words for word in TOP):
            return 1.0
        return 0.8 if any(f" {word} " in words for word in UPPER) else 0.5 if " manager " in words else 0.2

    def mail(text: str) -> float:
        domain = text.strip(" ").partition("@")[2].lower()
        return 0.0 if "." not in domain else 0.3 if domain in FREE else 1.0

    def plain(text: str) -> str:
        return text.strip(" ").lower()

    def steps(value: Any, table: tuple[list[float], list[float]]) -> Any:
        return np.array(table[1], dtype=np.float64)[
            np.searchsorted(np.array(table[0][1:], dtype=np.float64), value, "right")
        ]

    def ratio(above: Any, below: Any) -> Any:
        with np.errstate(all="ignore"):
            value = above / below
        return np.where(np.isfinite(value), np.clip(value, 0.0, 1.0), 0.0)

    def known(name: str, value: Any) -> Any:
        return np.where(np.isnan(lead[name]), 0.0, value)

    today = (day - datetime.date(1970, 1, 1)).days
    funded = lead["last_funding_date"]
    moment = np.nan_to_num(funded).astype("M8[D]")
    month = moment.astype("M8[M]")
    late = (moment - month).astype(np.int64) + 1 > day.day
    months = (day.year - 1970) * 12 + day.month - 1 - month.astype(np.int64) - late
    years, size, decide = lead["years"], lead["employees"], lead["months_to_decision"]
    sent = np.nan_to_num(lead["emails_sent"])
    industry = by_text("industry", lambda t: 1.0 if plain(t) in TARGET else 0.5 if plain(t) in ADJACENT else 0.0)
    use = by_text(
        "use_case",
        lambda t: 1.0 if "routing" in t.lower() or "scoring" in t.lower() else 0.5 if len(t.strip(" ")) >= 20 else 0.0,
    )
    points = {
        "company_info": 8 * (0.3 * np.clip(np.nan_to_num(lead["name_quality"]), 0, 1)
            + 0.7 * np.where(years >= 10, 1.0, np.clip(np.nan_to_num(years) / 10, 0, 1))),
        "company_size": 9 * (0.6 * known("employees", steps(np.nan_to_num(size), HEADS)) + 0.4 * steps(positive("revenue_millions"), MONEY)),
        "industry_fit": 8 * np.where(industry == 0, 0.15 * use, 0.7 * industry + 0.3 * use),
        "geography": 5 * (0.6 * by_text("country", lambda t: 1.0 if plain(t) in CORE else 0.6 if plain(t) in PARTNERS else 0.3 if t else 0.0)
            + 0.2 * by_text("language", lambda t: float(t.lower() in ("english", "german")))
            + 0.2 * known("timezone_offset", np.maximum(0.0, 1 - np.abs(lead["timezone_offset"]) / 10))),
        "contact_quality": 7 * (0.5 * by_text("email", mail) + 0.2 * by_text("phone", lambda t: float(len(t.replace(" ", "")) >= 8))
            + 0.3 * lead["linkedin_profile"]),
        "seniority": 8 * (0.7 * by_text("job_title", title) + 0.3 * lead["decision_maker"]),
        "buying_group": 5 * (0.4 * np.minimum(1.0, positive("stakeholder_count") / 4) + 0.4 * lead["champion_identified"]
            + 0.2 * by_text("department", lambda t: DEPARTMENTS.get(plain(t), 0.0))),
        "budget_fit": 9 * (0.5 * ratio(np.nan_to_num(lead["budget"]), positive("seats") * positive("price_per_seat"))
            + 0.3 * lead["budget_confirmed"]
            + 0.2 * known("last_funding_date", np.where(funded > today, 1.0, np.maximum(0.0, 1 - months / 36)))),
        "timing": 7 * (0.7 * known("months_to_decision", np.where(decide <= 3, 1.0, np.where(decide <= 6, 0.7, np.where(decide <= 12, 0.4, 0.1))))
            + 0.3 * known("renewal_date", np.maximum(0.0, 1 - np.abs(lead["renewal_date"] - today) / 365))),
        "tech_fit": 7 * (0.5 * by_text("crm_system", lambda t: SYSTEMS.get(plain(t), 0.3)) + 0.2 * np.minimum(1.0, positive("tools_in_use") / 8)
            + 0.3 * np.minimum(1.0, positive("cloud_percent") / 100)),
        "web_engagement": 8 * (0.4 * np.minimum(1.0, np.log1p(positive("website_visits")) / math.log(21))
            + 0.4 * np.minimum(1.0, positive("pricing_views") / 3) + 0.2 * np.round(np.minimum(1.0, positive("minutes_on_site") / 15), 2)),
        "email_engagement": 5 * (0.3 * ratio(np.nan_to_num(lead["emails_opened"]), sent)
            + 0.4 * ratio(20 * np.nan_to_num(lead["emails_clicked"]), sent) + 0.3 * lead["replied"]),
        "content_engagement": 5 * np.maximum(lead["demo_requested"], 0.7 * np.minimum(1.0, np.maximum(0.0,
            np.nan_to_num(lead["resources_downloaded"]) + 2 * np.nan_to_num(lead["webinars_attended"])) / 6)),
        "source_quality": 5 * (0.8 * by_text("lead_source", lambda t: CHANNELS.get(plain(t), 0.3))
            + 0.2 * by_text("campaign", lambda t: float(t.startswith("ABM-")))),
        "relationship": 4 * (0.6 * known("last_activity_date", np.clip(1 - (today - lead["last_activity_date"]) / 90, 0, 1))
            + 0.4 * lead["existing_customer"]),
    }  # fmt: skip
    score = sum(points.values())
    return {**points, "score": score, "tier": np.searchsorted([-60.0 - 20, -60, -40], -score, "left").astype(np.uint8)}


def for_numpy(prepared: Any, types: dict[str, str]) -> dict[str, Any]:
    """The prepared Arrow table as `in_numpy` takes it."""
    columns: dict[str, Any] = {}
    for name, kind in types.items():
        column = prepared.column(name).combine_chunks()
        if kind == "text":
            kinds = [*column.dictionary.to_pylist(), ""]
            columns[name] = (column.indices.fill_null(len(kinds) - 1).to_numpy(), kinds)
        elif kind == "boolean":
            columns[name] = column.fill_null(False).cast("int8").cast("float64").to_numpy(zero_copy_only=False)
        elif kind == "date":
            columns[name] = column.cast("int32").cast("float64").to_numpy(zero_copy_only=False)
        else:
            columns[name] = column.to_numpy(zero_copy_only=False)
    return columns
