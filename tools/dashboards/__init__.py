"""The dashboards as a description in Python: `python -m dashboards` writes deploy/grafana, `--check` compares."""
