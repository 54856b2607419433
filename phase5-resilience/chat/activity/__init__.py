"""What happened, in the order in which it was heard of: the first reader of events."""
