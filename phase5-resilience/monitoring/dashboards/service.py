"""One service, by RED: rate, errors and duration of each route; then what it uses."""

from monitoring.dashboards.drawing import Panel, Rows

VARIABLE = ("service", "label_values(chat_http_requests_in_flight, service)")
ROWS: Rows = {
    "Routes of $service": [
        Panel(
            "Requests",
            "reqps",
            {"{{method}} {{route}}": 'service_route:requests:rate1m{service="$service"}'},
        ),
        Panel(
            "Failed",
            "reqps",
            {"{{method}} {{route}}": 'service_route:errors:rate1m{service="$service"}'},
        ),
        Panel(
            "Time, p99",
            "s",
            {"{{method}} {{route}}": 'service_route:seconds:p99_1m{service="$service"}'},
        ),
    ],
    "Saturation": [
        Panel(
            "In flight",
            "short",
            {
                "requests": 'chat_http_requests_in_flight{service="$service"}',
                "let in at the most": 'chat_concurrency_limit{service="$service"}',
            },
        ),
        Panel(
            "Waiting for a connection, p99",
            "s",
            {"p99": 'service:database_connections:wait_p99_1m{service="$service"}'},
        ),
        Panel("Processor", "percentunit", {"used": 'service:cpu:utilisation{service="$service"}'}),
    ],
    "What it asks": [
        Panel(
            "Time in the database, p99",
            "s",
            {
                "p99": "histogram_quantile(0.99, sum by (le) "
                '(rate(chat_database_seconds_bucket{service="$service"}[1m])))'
            },
        ),
        Panel(
            "Statements",
            "ops",
            {"statements": 'rate(chat_database_statements_total{service="$service"}[1m])'},
        ),
        Panel(
            "Cache",
            "ops",
            {
                "{{kind}} {{outcome}}": "sum by (kind, outcome) "
                '(rate(chat_cache_documents_total{service="$service"}[1m]))'
            },
        ),
    ],
}
