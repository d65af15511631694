"""Text of people made fit for a line of a bank's form: one line, of letters that can be seen."""

from __future__ import annotations

import unicodedata


def line(text: str, most: int) -> str:
    """At most `most` characters in one line. What cannot be seen (ends of lines, marks of
    direction, halves of characters) becomes a space, and so do emoji: banks refuse them."""
    seen = (" " if unicodedata.category(c)[0] in "CZ" or c > "\uffff" else c for c in text)
    return " ".join("".join(seen).split())[:most].rstrip()


def cut(text: str, bytes_max: int) -> str:
    """As many whole characters as `bytes_max` bytes of UTF-8 hold."""
    return text.encode()[: max(bytes_max, 0)].decode(errors="ignore").rstrip()
