"""The payload of a fast payment's QR: the shape of NSPK's links on the sandbox's own host.

A code of `qr.nspk.ru` is registered by NSPK through a bank and is never fabricated, not even here:
a banking app that scanned it would take it for a real one.
"""

from __future__ import annotations

import secrets

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
_DYNAMIC = "BD"
CODE_LENGTH = 32
BANK = "000000000000"
"""Twelve digits as in the real ones; no bank has this number."""


def code() -> str:
    """The 32 characters in the address of a dynamic code: 150 random bits behind the prefix."""
    random = (secrets.choice(_ALPHABET) for _ in range(CODE_LENGTH - len(_DYNAMIC)))
    return _DYNAMIC + "".join(random)


def payload(base_url: str, code: str, kopecks: int) -> str:
    """The whole link, its checksum over everything before `&crc=`."""
    link = f"{base_url}/{code}?type=02&bank={BANK}&sum={kopecks}&cur=RUB"
    return f"{link}&crc={checksum(link.encode()):04X}"


def checksum(data: bytes) -> int:
    """CRC-16/CCITT-FALSE: polynomial 1021, first FFFF, not reflected, no final XOR."""
    register = 0xFFFF
    for byte in data:
        register ^= byte << 8
        for _ in range(8):
            register = (register << 1) ^ (0x1021 if register & 0x8000 else 0)
        register &= 0xFFFF
    return register
