"""A program that pays for its tries with work, as a browser does or an attacker could."""

from __future__ import annotations

import hashlib
import itertools
from typing import Any


def solve(challenge: dict[str, Any]) -> dict[str, str]:
    """The fields that go with the next request, by the words of the documentation."""
    prefix, bits = challenge["prefix"].encode(), challenge["bits"]
    started = hashlib.sha256(prefix)
    for number in itertools.count():
        tried = started.copy()
        tried.update(b"%d" % number)
        if int.from_bytes(tried.digest()) >> (256 - bits) == 0:
            return {"challenge": challenge["token"], "solution": str(number)}
    raise AssertionError("there is no end of numbers")
