"""Traces: what one request caused, in every process that it came through, as a tree of spans.

`setup` says where they go; `spans` makes those that no library makes; the rest is how many are kept
(`sampling`, `keeping`) and what of them gets out (`cleaning`, `sending`). Without CHAT_TRACES_URL
nothing of it is there, and nothing is paid for it.
"""
