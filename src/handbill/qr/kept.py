"""Codes made once, off the event loop, and kept in bounded memory.

A code never changes for the same text and look, so what is kept is never wrong; when the room is
used up the one that was not asked for longest goes.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

import msgspec

from handbill.infra.workshop import Workshop
from handbill.kernel.errors import Invalid, Unavailable
from handbill.qr import checking, drawing, formats, layout
from handbill.qr.checking import Reading
from handbill.qr.code import Code, make
from handbill.qr.layout import MM_PER_INCH, Extent
from handbill.qr.pdf import pdf
from handbill.qr.style import PLAIN, CodeStyle, validated

Format = Literal["png", "svg", "pdf"]

CONTENT_TYPES: dict[Format, str] = {
    "png": "image/png",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
}
PRESS_MAX = 32
"""Pictures that wait for the press, which has receipts to set too. More are turned away."""

_MM_PER_PIXEL = MM_PER_INCH / 96  # a CSS pixel


class Wanted(msgspec.Struct, frozen=True):
    """How a picture of a code is to be. A PDF whose `extent` has no `mm` takes a pixel of `size`
    as 1/96 inch."""

    style: CodeStyle = PLAIN
    extent: Extent = Extent()


class Picture(msgspec.Struct, frozen=True):
    """`reading` of one in millimetres: it was checked before it was given out."""

    data: bytes
    reading: Reading | None = None


class _Key(NamedTuple):
    text: str
    format: Format
    wanted: Wanted

    @property
    def on_paper(self) -> bool:
        return self.wanted.extent.mm is not None

    @property
    def laid(self) -> bool:
        """Whether its logo is laid on a picture, and not named in a file of shapes."""
        return self.format == "png" and self.wanted.style.logo is not None


class Codes:
    """Belongs to one event loop. At most `entries_max` pictures of together `bytes_max` bytes."""

    def __init__(
        self, press: Workshop, *, entries_max: int = 512, bytes_max: int = 16 * 1024 * 1024
    ) -> None:
        self._press = press
        self._entries_max = entries_max
        self._bytes_max = bytes_max
        self._kept: OrderedDict[_Key, Picture] = OrderedDict()
        self._bytes = 0
        self._being_made: dict[_Key, asyncio.Task[Picture]] = {}
        # One thread: however many codes are asked for at once, the event loop shares the
        # interpreter with one of them. A process of its own was measured and is not needed.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="qr")
        self._press_turn = asyncio.Lock()  # one of ours at a time

    async def picture(self, text: str, format: Format, wanted: Wanted | None = None) -> Picture:
        """The code of `text`. Asked for several times at once it is made once.

        Raises Invalid on a field of `wanted`; CannotBeScanned where it has millimetres and a phone
        would not read it; Unavailable.
        """
        asked = wanted or Wanted()
        layout.check(asked.extent)
        if asked.extent.dpi is not None and format != "png":
            raise Invalid({"dpi": ["is for PNG alone: this format has no dots"]})
        key = _Key(text, format, msgspec.structs.replace(asked, style=validated(asked.style)))
        picture = self._kept.get(key)
        if picture is not None:
            self._kept.move_to_end(key)
            return picture
        making = self._being_made.get(key) or self._begin(key)
        # Shielded: one caller that goes away does not take the code from the others.
        return await asyncio.shield(making)

    def close(self) -> None:
        self._thread.shutdown(cancel_futures=True)

    def _begin(self, key: _Key) -> asyncio.Task[Picture]:
        """A plain code is never turned away: a payer may be waiting for it."""
        waiting = sum(other.on_paper or other.laid for other in self._being_made)
        if (key.on_paper or key.laid) and waiting >= PRESS_MAX:
            raise Unavailable("Too many codes are being checked. Try again in a moment.")
        making = self._being_made[key] = asyncio.create_task(self._make(key))
        making.add_done_callback(lambda made: self._settle(key, made))
        return making

    async def _make(self, key: _Key) -> Picture:
        in_thread = asyncio.get_running_loop().run_in_executor
        style, extent = key.wanted.style, key.wanted.extent
        code = await in_thread(self._thread, make, key.text, style.drawn_level)
        if key.laid:
            async with self._press_turn:
                data = await drawing.png(self._press, code, style, extent)
        else:
            data = await in_thread(self._thread, _draw, code, key.format, key.wanted)
        if extent.mm is None:
            return Picture(data)
        is_png = key.format == "png"
        side_mm = layout.drawn_mm(code, extent.mm, extent.dpi) if is_png else extent.mm
        async with self._press_turn:
            return Picture(data, await checking.checked(self._press, code, style, side_mm))

    def _settle(self, key: _Key, made: asyncio.Task[Picture]) -> None:
        del self._being_made[key]
        if made.cancelled() or made.exception() is not None:
            return
        picture = made.result()
        if len(picture.data) > self._bytes_max:
            return
        self._kept[key] = picture
        self._bytes += len(picture.data)
        while len(self._kept) > self._entries_max or self._bytes > self._bytes_max:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= len(dropped.data)


def _draw(code: Code, format: Format, wanted: Wanted) -> bytes:
    style, extent = wanted.style, wanted.extent
    if format == "png":
        return formats.png(code, layout.laid_out(code, extent), style.color)
    if format == "svg":
        return formats.svg(code, style, extent)
    if extent.mm is not None:
        return pdf(code, style, extent.mm)
    if extent.size is not None:
        return pdf(code, style, extent.size * _MM_PER_PIXEL)
    return pdf(code, style)
