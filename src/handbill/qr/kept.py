"""Codes made once, off the event loop, and kept in bounded memory.

A code never changes for the same text and look, so what is kept is never wrong; when the room is
used up the one that was not asked for longest goes.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
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
DRAWN_MAX = 64
"""Pictures for screens with a colour, a level or a size of their own, of which anybody can think of
millions. More are turned away: the largest take about a second together."""

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


Queue = Literal["plain", "drawn", "pressed"]
"""Where a picture waits. `plain`: a code that nothing was asked of, as payers get it."""

_QUEUE_MAX: Mapping[Queue, int] = {"drawn": DRAWN_MAX, "pressed": PRESS_MAX}


class _Key(NamedTuple):
    """`look` and not the style: a logo is not to be held once for every picture."""

    text: str
    format: Format
    look: str
    extent: Extent


class _Making(NamedTuple):
    queue: Queue
    task: asyncio.Task[Picture]


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
        self._being_made: dict[_Key, _Making] = {}
        # Two threads: however many codes are asked for at once, the event loop shares the
        # interpreter with two of them, and a payer's waits for payers' alone. A process of its own
        # was measured and is not needed.
        self._plain_thread = ThreadPoolExecutor(1, thread_name_prefix="qr-plain")
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="qr")
        self._press_turn = asyncio.Lock()  # one of ours at a time

    async def picture(
        self,
        text: str,
        format: Format,
        wanted: Wanted | None = None,
        admit: Callable[[], None] | None = None,
    ) -> Picture:
        """The code of `text`. Asked for several times at once it is made once. `admit` is called
        before the press has to work for it, and may raise.

        Raises Invalid on a field of `wanted`; CannotBeScanned where it has millimetres and a phone
        would not read it; Unavailable.
        """
        asked = wanted or Wanted()
        layout.check(asked.extent)
        if asked.extent.dpi is not None and format != "png":
            raise Invalid({"dpi": ["is for PNG alone: this format has no dots"]})
        style = validated(asked.style)
        key = _Key(text, format, style.look, asked.extent)
        picture = self._kept.get(key)
        if picture is not None:
            self._kept.move_to_end(key)
            return picture
        making = self._being_made.get(key) or self._begin(key, style, admit)
        # Shielded: one caller that goes away does not take the code from the others.
        return await asyncio.shield(making.task)

    def close(self) -> None:
        for thread in (self._plain_thread, self._thread):
            thread.shutdown(cancel_futures=True)

    def _begin(self, key: _Key, style: CodeStyle, admit: Callable[[], None] | None) -> _Making:
        """A plain code is never turned away: a payer may be waiting for it."""
        queue = _queue(key, style)
        waiting = sum(other.queue == queue for other in self._being_made.values())
        if queue != "plain" and waiting >= _QUEUE_MAX[queue]:
            raise Unavailable("Too many codes are being made. Try again in a moment.")
        if queue == "pressed" and admit is not None:
            admit()
        task = asyncio.create_task(self._make(key, style, queue))
        making = self._being_made[key] = _Making(queue, task)
        task.add_done_callback(lambda made: self._settle(key, made))
        return making

    async def _make(self, key: _Key, style: CodeStyle, queue: Queue) -> Picture:
        in_thread = asyncio.get_running_loop().run_in_executor
        thread = self._plain_thread if queue == "plain" else self._thread
        extent = key.extent
        code = await in_thread(thread, make, key.text, style.drawn_level)
        if _laid(key, style):
            async with self._press_turn:
                data = await drawing.png(self._press, code, style, extent)
        else:
            data = await in_thread(thread, _draw, code, key.format, style, extent)
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


def _queue(key: _Key, style: CodeStyle) -> Queue:
    if key.extent.mm is not None or _laid(key, style):
        return "pressed"
    return "plain" if (style, key.extent) == (PLAIN, Extent()) else "drawn"


def _laid(key: _Key, style: CodeStyle) -> bool:
    """Whether its logo is laid on a picture, and not named in a file of shapes."""
    return key.format == "png" and style.logo is not None


def _draw(code: Code, format: Format, style: CodeStyle, extent: Extent) -> bytes:
    if format == "png":
        return formats.png(code, layout.laid_out(code, extent), style.color)
    if format == "svg":
        return formats.svg(code, style, extent)
    if extent.mm is not None:
        return pdf(code, style, extent.mm)
    if extent.size is not None:
        return pdf(code, style, extent.size * _MM_PER_PIXEL)
    return pdf(code, style)
