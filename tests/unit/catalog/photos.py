"""Pictures as merchants and attackers send them, made here byte by byte."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image

ORIENTATION = 0x0112
DESCRIPTION = 0x010E


def gradient(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Dark on the left, light on the right; the upper half red where there are colours."""
    grey = Image.linear_gradient("L").rotate(90).resize((width, height))
    if mode == "L":
        return grey
    picture = Image.merge("RGB", (grey, grey, grey))
    picture.paste((250, 10, 10), (0, 0, width, height // 2))
    return picture.convert(mode)


def written(picture: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def exif(orientation: int = 1, description: str = "") -> Image.Exif:
    facts = Image.Exif()
    facts[ORIENTATION] = orientation
    facts[DESCRIPTION] = description
    return facts


def png_bomb(side: int) -> bytes:
    """`side` x `side` pixels of one bit in a few kilobytes."""
    line = bytes(1 + (side + 7) // 8)
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(line) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", pixels)
        + png_chunk(b"IEND", b"")
    )


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def jpeg_that_claims(width: int, height: int) -> bytes:
    """A small JPEG whose frame header names another size."""
    data = bytearray(written(gradient(16, 16), "JPEG"))
    place = data.index(b"\xff\xc0") + 5
    data[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def webp_that_claims(width: int, height: int, form: bytes) -> bytes:
    """A header of each of the three forms of WebP, with nothing behind it."""
    if form == b"VP8X":
        body = (
            b"\x02\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        )
    elif form == b"VP8L":
        body = b"\x2f" + ((width - 1) | (height - 1) << 14).to_bytes(4, "little") + bytes(5)
    else:
        body = b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height)
    chunk = form + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk
