"""Tells text that can be the address of a letter: one mailbox in ASCII, and nothing beside it."""

from __future__ import annotations

import re

LENGTH_MAX = 254

# What mail servers take in practice (RFC 5321, 4.1.2, without quoted names and literal hosts).
_ATOM = r"[0-9A-Za-z!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[0-9A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?"
_ADDRESS = re.compile(rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+")


def is_mailbox(text: str) -> bool:
    """Whether there can be such an address; only a letter shows whether there is."""
    return len(text) <= LENGTH_MAX and _ADDRESS.fullmatch(text) is not None
