"""What is said between services, and which queues hear it. Every service has this, none owns it."""
