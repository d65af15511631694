"""Codes made once, off the event loop, and kept in bounded memory.

A code never changes for the same text, format and size, so what is kept is never wrong; when the
room is used up the one that was not asked for longest goes.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

from handbill.qr import formats
from handbill.qr.code import make

Format = Literal["png", "svg", "pdf"]

CONTENT_TYPES: dict[Format, str] = {
    "png": "image/png",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
}

_MM_PER_PIXEL = 25.4 / 96  # a CSS pixel


class _Wanted(NamedTuple):
    text: str
    format: Format
    size: int | None


class Codes:
    """Belongs to one event loop. At most `entries_max` pictures of together `bytes_max` bytes."""

    def __init__(self, *, entries_max: int = 512, bytes_max: int = 16 * 1024 * 1024) -> None:
        self._entries_max = entries_max
        self._bytes_max = bytes_max
        self._kept: OrderedDict[_Wanted, bytes] = OrderedDict()
        self._bytes = 0
        self._being_made: dict[_Wanted, asyncio.Future[bytes]] = {}
        # One thread: however many codes are asked for at once, the event loop shares the
        # interpreter with one of them. A process of its own was measured and is not needed.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="qr")

    async def picture(self, text: str, format: Format, size: int | None = None) -> bytes:
        """The code of `text`; `size` is its side in pixels (in a PDF 1/96 inch each).

        Asked for several times at once it is made once. Raises Invalid on `size`.
        """
        formats.check_size(size)
        wanted = _Wanted(text, format, size)
        picture = self._kept.get(wanted)
        if picture is not None:
            self._kept.move_to_end(wanted)
            return picture
        making = self._being_made.get(wanted)
        if making is None:
            loop = asyncio.get_running_loop()
            making = loop.run_in_executor(self._thread, _draw, wanted)
            self._being_made[wanted] = making
            making.add_done_callback(lambda made: self._settle(wanted, made))
        # Shielded: one caller that goes away does not take the code from the others.
        return await asyncio.shield(making)

    def close(self) -> None:
        self._thread.shutdown(cancel_futures=True)

    def _settle(self, wanted: _Wanted, made: asyncio.Future[bytes]) -> None:
        del self._being_made[wanted]
        if made.cancelled() or made.exception() is not None:
            return
        picture = made.result()
        if len(picture) > self._bytes_max:
            return
        self._kept[wanted] = picture
        self._bytes += len(picture)
        while len(self._kept) > self._entries_max or self._bytes > self._bytes_max:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= len(dropped)


def _draw(wanted: _Wanted) -> bytes:
    code = make(wanted.text)
    if wanted.format == "png":
        return formats.png(code, wanted.size)
    if wanted.format == "svg":
        return formats.svg(code, wanted.size)
    if wanted.size is None:
        return formats.pdf(code)
    return formats.pdf(code, wanted.size * _MM_PER_PIXEL)
