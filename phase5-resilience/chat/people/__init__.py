"""Who exists, and what they are called: what is needed here of the profile service."""
