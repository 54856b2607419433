"""A message's way: sent, in the outbox, at the broker, with each consumer, at the sockets."""

from monitoring.dashboards.drawing import Panel, Rows

ROWS: Rows = {
    "Sent": [
        Panel("Texts stored", "ops", {"texts": "rate(chat_messages_accepted_total[1m])"}),
        Panel("In the outbox", "short", {"{{service}}": "chat_outbox_waiting"}),
        Panel("The oldest there", "s", {"{{service}}": "service:outbox_oldest:seconds"}),
    ],
    "At the broker": [
        Panel(
            "In queues",
            "short",
            {"{{queue}}": 'chat_queue_messages{queue!~".*\\\\.after-.*"}'},
        ),
        Panel(
            "Waiting for another try",
            "short",
            {"{{queue}}": 'chat_queue_messages{queue=~".*\\\\.after-.*"}'},
        ),
        Panel("Given up", "short", {"dead letters": "chat_dead_letters"}),
    ],
    "Delivered": [
        Panel(
            "Events to sockets",
            "ops",
            {"{{type}}": "sum by (type) (rate(chat_events_delivered_total[1m]))"},
        ),
        Panel(
            "From send to receipt",
            "s",
            {
                f"p{share * 100:g}": f"histogram_quantile({share:g}, "
                "sum by (le) (rate(chat_send_to_receipt_seconds_bucket[1m])))"
                for share in (0.5, 0.99)
            },
        ),
        Panel("The broker's memory", "bytes", {"used": "rabbitmq_process_resident_memory_bytes"}),
    ],
}
