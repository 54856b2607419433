"""Is all well? The first page to look at: what people meet, and what is known to be wrong."""

from monitoring.dashboards.drawing import Panel, Rows

ROWS: Rows = {
    "What people meet, at the gateway": [
        Panel("Requests", "reqps", {"{{resource}}": "resource:requests:rate1m"}),
        Panel(
            "Failed",
            "reqps",
            {
                "{{resource}} {{status}}": "sum by (resource, status) "
                '(rate(chat_gateway_requests_total{status=~"5.."}[1m]))'
            },
        ),
        Panel(
            "Time, p99",
            "s",
            {
                "{{resource}}": "histogram_quantile(0.99, "
                "sum by (resource, le) (rate(chat_gateway_seconds_bucket[1m])))"
            },
        ),
    ],
    "What is wrong": [
        Panel(
            "Alerts",
            "short",
            {"{{alertname}} {{service}}{{slo}}": 'ALERTS{alertstate="firing"}'},
        ),
        Panel("Down", "short", {"{{service}}": "1 - up"}),
        Panel(
            "Breakers: 1 tries, 2 is open",
            "short",
            {
                "{{service}} asks {{dependency}}": "max by (service, dependency) "
                "(chat_breaker_state)"
            },
        ),
        Panel(
            "Refused by the gateway",
            "reqps",
            {"{{type}}": "sum by (type) (rate(chat_gateway_problems_total[1m]))"},
        ),
    ],
    "Services": [
        Panel("Requests", "reqps", {"{{service}}": "service:requests:rate1m"}),
        Panel("Failed", "reqps", {"{{service}}": "service:errors:rate1m"}),
        Panel("Time, p99", "s", {"{{service}}": "service:seconds:p99_1m"}),
    ],
    "How much is used": [
        Panel("Processor", "percentunit", {"{{service}}": "service:cpu:utilisation"}),
        Panel("Memory", "bytes", {"{{service}}": "process_resident_memory_bytes"}),
        Panel("Open sockets", "short", {"sockets": "sum(chat_sockets_open)"}),
    ],
    "Databases": [
        Panel(
            "Connections in use",
            "percentunit",
            {
                "pool of {{service}}": "service:database_connections:utilisation",
                "{{server}}": "server:postgres_connections:utilisation",
            },
        ),
        Panel(
            "Transactions",
            "ops",
            {
                "{{database}} {{outcome}}": "sum by (database, outcome) "
                '(rate(chat_postgres_transactions_total{server="primary"}[1m]))'
            },
        ),
        Panel(
            "Behind",
            "bytes",
            {"replica": 'chat_postgres_replication_lag_bytes{server="primary"}'},
        ),
        Panel("On disk", "bytes", {"{{database}}": 'chat_postgres_size_bytes{server="primary"}'}),
        Panel(
            "Found in memory", "percentunit", {"{{server}}": "server:postgres_cache:hit_ratio5m"}
        ),
        Panel("Redis: memory in use", "percentunit", {"of its limit": "cache:memory:utilisation"}),
    ],
}
