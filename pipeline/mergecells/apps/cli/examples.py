"""What the help of each command shows as examples. A test runs every line through the command line's own parser."""

from __future__ import annotations

EXAMPLES: dict[str, tuple[str, ...]] = {
    "init": (
        "mergecells init leads",
        "mergecells init leads --bare /srv/git/leads.git",
        "mergecells init leads --google --hub https://hub.example.com --github acme/lead-rules",
    ),
    "fill": ("mergecells fill", "mergecells fill --workbook review.xlsx --apply", "mergecells fill --merged --apply"),
    "export": ("mergecells export", "mergecells export --apply"),
    "check": (
        "mergecells check",
        "mergecells check scoring.xlsx",
        "mergecells check rules.yaml --kind rules --output json",
    ),
    "diff": ("mergecells diff main", "mergecells diff main~1 main --output markdown"),
    "impact": ("mergecells impact main --leads leads.csv --outcome Converted",),
    "submit": ("mergecells submit", 'mergecells submit --title "Older firms" --author "Ada <ada@example.org>"'),
    "rollback": (
        "mergecells rollback main~1",
        "mergecells rollback 270dfafc74e2",
        "mergecells rollback main~1 --prompt email_body",
    ),
    "release": (
        "mergecells release --timeout 300",
        "mergecells release 270dfafc74e2 --service http://127.0.0.1:8800 --no-rollback",
    ),
    "drift": ("mergecells drift", "mergecells drift --workbook google --issue"),
    "follow": ("mergecells follow ../leads.git /srv/leads", "mergecells follow ../leads.git /srv/leads --once"),
    "serve": ("mergecells serve --config /srv/leads/current --port 8800",),
    "hub": ("mergecells hub --port 8900", "mergecells hub leads pricing --host 0.0.0.0 --port 8900"),
    "status": (
        "mergecells status --service http://127.0.0.1:8800",
        "mergecells status --service http://127.0.0.1:8800 --wait 270dfafc74e2 --timeout 30",
    ),
    "score": (
        "mergecells score --leads leads.csv --out scores.csv",
        "mergecells score --leads leads.jsonl --keep id",
        "mergecells score --leads leads.csv --line 84 --explain",
        "mergecells score --set years=12 --set employees=240 --explain",
    ),
    "prompts list": ("mergecells prompts list", "mergecells prompts list --revision main~1 --output json"),
    "prompts show": ("mergecells prompts show email_body", "mergecells prompts show email_body --revision main~1"),
    "prompts render": (
        "mergecells prompts render hook --set company=Acme",
        "mergecells prompts render email_body --example with_proof --output json",
    ),
    "prompts run": (
        "mergecells prompts run hook --set company=Acme",
        "mergecells prompts run email_body --example with_proof --apply",
        "mergecells prompts run hook --examples --cassette answers.jsonl --output json",
        "mergecells prompts run --against main",
        "mergecells prompts run hook --against main --record --max-cost 0.20",
    ),
    "prompts lint": ("mergecells prompts lint", "mergecells prompts lint prompts/hook.md --output github"),
    "prompts import": (
        "mergecells prompts import old/hook.md",
        "mergecells prompts import greeting.prompt --from dotprompt --name greeting --apply",
    ),
    "prompts history": ("mergecells prompts history hook",),
    "prompts diff": ("mergecells prompts diff hook main~1", "mergecells prompts diff hook main~2 main"),
    "cache stats": ("mergecells cache stats", "mergecells cache stats --cache redis://127.0.0.1:6379/0 --output json"),
    "cache clear": ("mergecells cache clear", "mergecells cache clear --apply"),
    "budgets": ("mergecells budgets", "mergecells budgets --run 2026-03-01-nightly --output json"),
    "report costs": (
        "mergecells report costs",
        "mergecells report costs --by revision --days 28 --chart costs.svg",
        "mergecells report costs --by persona --output csv --out costs.csv",
    ),
    "report quality": ("mergecells report quality --by revision --days 28",),
    "report weekly": (
        "mergecells report weekly",
        "mergecells report weekly --output markdown --out week.md",
        "mergecells report weekly --issue --webhook",
    ),
    "report personas": ("mergecells report personas --days 28",),
    "quality evaluate": (
        "mergecells quality evaluate hook --answer answer.txt --set company=Acme",
        "mergecells quality evaluate lead_qualification --answer answer.json --example full --output json",
    ),
    "quality record": (
        "mergecells quality record --call 0198c1f2 --completeness 0.8 --clarity 0.9 --judge ada",
        "mergecells quality record --call 0198c1f2 --answer answer.txt --set company=Acme --apply",
    ),
    "history show": ("mergecells history show 0198c1f2", "mergecells history show run-17 --output json"),
    "history prune": ("mergecells history prune --days 90", "mergecells history prune --days 90 --apply"),
    "history synthetic": ("mergecells history synthetic made-up.sqlite3 --days 28 --seed 7",),
    "smoke": (
        "mergecells smoke --offline",
        "mergecells smoke --url https://leads.example.org --junit smoke.xml",
        'mergecells smoke --case percentage --case "lead form"',
    ),
    "demo": ("mergecells demo", "mergecells demo --once --folder /tmp/demo"),
}


def epilog(command: str) -> str | None:
    """The examples of a command as its help shows them, one a paragraph; None where there are none."""
    lines = EXAMPLES.get(command)
    return "\n\n".join(("Examples:", *(f"  {line}" for line in lines))) if lines else None
