"""Grafana's dashboards as code. `python -m monitoring.dashboards` writes the JSON that it reads."""
