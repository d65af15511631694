"""Pictures on paper: what a template needs to know of one, without decoding it."""

from __future__ import annotations

import struct
from base64 import b64encode

import msgspec

_PNG = b"\x89PNG\r\n\x1a\n"
_SIZES_OF_JPEG = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
"""Markers of frames (ITU T.81, B.1.1.3), in which the size is."""


class Framed(msgspec.Struct, frozen=True):
    data: str
    """An address that holds the picture itself."""
    ratio: float
    """Of its width to its height."""


def framed(picture: bytes) -> Framed | None:
    """None where it is neither a PNG nor a JPEG."""
    try:
        kind, (width, height) = _read(picture)
    except (struct.error, IndexError):
        return None
    if not (width and height):
        return None
    data = f"data:image/{kind};base64,{b64encode(picture).decode()}"
    return Framed(data, round(width / height, 4))


def _read(picture: bytes) -> tuple[str, tuple[int, int]]:
    if picture.startswith(_PNG):
        return "png", struct.unpack_from(">II", picture, 16)
    if picture.startswith(b"\xff\xd8"):
        return "jpeg", _jpeg_size(picture)
    return "", (0, 0)


def _jpeg_size(picture: bytes) -> tuple[int, int]:
    at = 2
    while picture[at] == 0xFF:
        marker = picture[at + 1]
        if marker in _SIZES_OF_JPEG:
            height, width = struct.unpack_from(">HH", picture, at + 5)
            return width, height
        (length,) = struct.unpack_from(">H", picture, at + 2)
        at += 2 + length
    return 0, 0
