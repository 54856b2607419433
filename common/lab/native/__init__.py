"""The native engine: a phase's services as ordinary processes of this machine."""
