"""Reads the bytes of a request, bounded while they arrive."""

from __future__ import annotations

from starlette.requests import Request

from handbill.kernel.errors import TooLarge

BODY_MAX = 64 * 1024


async def read_bounded(request: Request, size_max: int = BODY_MAX) -> bytes:
    """Raises TooLarge as soon as it is."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > size_max:
            raise TooLarge(f"The body must have at most {size_max} bytes.")
    return bytes(body)
