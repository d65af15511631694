"""The header `Idempotency-Key`: which repeats belong together, and when they ask the same.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ has the key as a quoted
string of a structured field; most callers send it bare. Both name the same key.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

from handbill.kernel.errors import KeyMalformed

HEADER = "idempotency-key"
METHODS = frozenset({"POST", "PATCH", "PUT"})
"""Those that may do something twice; GET and DELETE may be repeated anyway."""
KEY_MAX = 255

_BARE = re.compile(r"[\x20-\x7e]+")
_QUOTED = re.compile(r'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
"""https://www.rfc-editor.org/rfc/rfc8941#section-3.3.3"""


def read_key(values: Sequence[str]) -> str | None:
    """The key in the values that the header was sent with, or None. Raises KeyMalformed."""
    if not values:
        return None
    if len(values) > 1:
        raise KeyMalformed("Idempotency-Key was sent twice.")
    text = values[0].strip(" \t")
    if text.startswith('"'):
        quoted = _QUOTED.fullmatch(text)
        key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else ""
    else:
        key = text if _BARE.fullmatch(text) else ""
    if not 1 <= len(key) <= KEY_MAX:
        raise KeyMalformed
    return key


def fingerprint(method: str, path: str, query: bytes, body: bytes) -> str:
    """Differs where any of the four does. `body`: see `canonical`; a file as it was sent."""
    parts = (method.encode(), path.encode("utf-8", "surrogatepass"), query, body)
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def canonical(value: Any) -> bytes:
    """A JSON value in one spelling: the order of members, spaces and escapes mean nothing."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str).encode()
