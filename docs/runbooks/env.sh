# What every runbook uses. Set what differs before, or change it here, then: . docs/runbooks/env.sh
# Work in a checkout of the config repository, with mergecells, git, curl, promtool, redis-cli, psql at hand.
export PROMETHEUS="${PROMETHEUS:-http://127.0.0.1:9090}"
export SERVICE="${SERVICE:-http://127.0.0.1:8800}"    # one of the services; `mergecells status` names all
export HUB="${HUB:-http://127.0.0.1:8900}"
export REPO="${REPO:-$(git remote get-url origin)}"   # what the follower follows
export LIVE="${LIVE:-/srv/leads}"                     # where it publishes
export SECRETS="${SECRETS:-/run/secrets}"             # one file for each secret
export RULES="${RULES:-/etc/prometheus/rules.yml}"

ask() { promtool query instant "$PROMETHEUS" "$1"; }

# `restart follower`, `restart hub`, `restart service`: a program of your own on PATH goes before this one.
command -v restart >/dev/null || restart() { docker compose --project-directory deploy/compose restart "$1"; }

# Asks a prompt something that nobody asked before: the answer, then `prompts: STATUS`.
try_prompt() {
    curl -s -w '\nprompts: %{http_code}\n' -X POST -H "Authorization: Bearer $(cat "$SECRETS/llm_token")" \
        -d "{\"inputs\": {\"topic\": \"test $(date +%s%N)\"}}" "$SERVICE/v1/prompts/${1:-title_generation}/complete"
}

# A new random secret in the place of the old one.
renew() { chmod u+w "$SECRETS/$1" && openssl rand -hex 32 >"$SECRETS/$1"; }
