"""Names for things: UUIDv7 for objects, random tokens where knowing the name is the permission.

A UUID is never a capability: its first half is the time. Receipts, status pages and keys use
`token()` and `api_key()`.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import zlib

import uuid_utils

from handbill.kernel.clock import Instant

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_KEY_RANDOM_LENGTH = 30
_KEY_CHECKSUM_LENGTH = 6
_UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TOP_BIT = 1 << 61  # of the last random field: clear at first, so that no run of steps leaves it
_STEP = (1 << 32) - 1

_guard = threading.Lock()
_latest = (0, 0)


def new_id(at: Instant) -> str:
    """A UUIDv7 as text. Ids sort by their millisecond; those that this process makes one after
    another for the same millisecond sort in that order."""
    global _latest
    drawn = uuid_utils.uuid7(nanoseconds=at * 1_000_000).int
    with _guard:
        instant, number = _latest
        number = number + 1 + (drawn & _STEP) if at == instant else drawn & ~_TOP_BIT
        _latest = (at, number)
    return str(uuid_utils.UUID(int=number))


def first_id(at: Instant) -> str:
    """After every id that was made before `at`, and before all others."""
    digits = f"{max(at, 0):012x}"
    return f"{digits[:8]}-{digits[8:]}-0000-0000-000000000000"


def parse_id(text: str) -> str | None:
    """The canonical form of a UUID, or None. Paths carry text that anybody typed."""
    lower = text.lower()
    return lower if _UUID.fullmatch(lower) else None


def token() -> str:
    """128 random bits, safe in an address."""
    return secrets.token_urlsafe(16)


def reference() -> str:
    """`7KX2-M4QF-9TAB`: 60 random bits that a person can read out on the telephone."""
    letters = _letters(12)
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def short_code() -> str:
    """Ten characters of Crockford base32 (50 bits), upper case: the printed address."""
    return _letters(10)


def short_code_of(text: str) -> str:
    """The same for the same text; that of another text differs, but for one chance in 2^50."""
    return _spell(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"), 10)


def parse_short_code(text: str) -> str | None:
    """A typed or scanned code in its canonical form (case, O for 0, I and L for 1), or None."""
    code = text.upper().translate(str.maketrans("OIL", "011"))
    return code if len(code) == 10 and all(c in CROCKFORD for c in code) else None


def api_key(*, test: bool) -> str:
    """`hb_test_` or `hb_live_`, 30 base62 characters (178 bits), 6 of checksum."""
    body = "".join(secrets.choice(_BASE62) for _ in range(_KEY_RANDOM_LENGTH))
    stem = f"hb_{'test' if test else 'live'}_{body}"
    return stem + _checksum(stem)


def is_api_key(text: str) -> bool:
    """Whether prefix, length, alphabet and checksum fit: a mistyped key never costs a query."""
    if not text.isascii() or not text.startswith(("hb_test_", "hb_live_")):
        return False
    stem, check = text[:-_KEY_CHECKSUM_LENGTH], text[-_KEY_CHECKSUM_LENGTH:]
    return len(stem) == 8 + _KEY_RANDOM_LENGTH and check == _checksum(stem)


def _letters(length: int) -> str:
    # All bits at once: a draw for each letter took ten times as long.
    return _spell(secrets.randbits(5 * length), length)


def _spell(bits: int, length: int) -> str:
    return "".join([CROCKFORD[bits >> shift & 31] for shift in range(0, 5 * length, 5)])


def _checksum(stem: str) -> str:
    number, digits = zlib.crc32(stem.encode()), []
    for _ in range(_KEY_CHECKSUM_LENGTH):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))
