"""Reads codes as a phone would, before anybody prints them.

Two promises: the text of every code is read and compared; and how a code looks (its modules, size
and colours) is tried from further and further away, as `camera` sees it. It is a simulation: it
finds codes that cannot work, and proves of no phone that it reads one.

Runs in a worker process only (`infra.workshop`): the server must not load Pillow or zxing.
"""

from __future__ import annotations

import io
from collections import OrderedDict

import zxingcpp
from PIL import Image

from handbill.qr import camera

NEAR = (5, 3)
"""Distances from the nearest that is hoped for inwards, in widths of the code."""
FAR = (6, 7, 8, 9, 10)
"""And outwards. Never above ten: what the simulation would still read there, a real room spoils."""
SIDE_MAX = 1_000
"""Pixels to which a larger picture is reduced."""
KEPT_MAX = 512
UNREADABLE = 0

_FORMATS = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
_kept: OrderedDict[tuple[str, int, int], int] = OrderedDict()


def check(picture: bytes, text: str, look: str, side_um: int, *resolutions: int) -> tuple[int, ...]:
    """How far the copy of each printer can be read, in widths of the code; UNREADABLE where it
    cannot. Empty where the picture itself does not say `text`.

    `picture` is a PNG of one code with its quiet zone, `side_um` micrometres wide on paper.
    `resolutions` in dots to an inch. What looks the same by `look` is tried once.
    """
    with Image.open(io.BytesIO(picture)) as opened:
        code = opened.convert("L").reduce(max(1, opened.width // SIDE_MAX))
    if _texts(code) != [text]:
        return ()
    dots = [camera.dots(code, side_um / 1_000, dpi) for dpi in resolutions]
    return tuple(_known_reach((look, code.width, side), code, text) for side in dots)


def _known_reach(key: tuple[str, int, int], code: Image.Image, text: str) -> int:
    """`key`: the look, the pixels of the picture and the dots of the print. Everything that is seen
    follows from these, whatever the size on paper: distances are in widths."""
    reach = _kept.get(key)
    if reach is None:
        reach = _kept[key] = _reach(camera.printed(code, key[-1]), text)
        if len(_kept) > KEPT_MAX:
            _kept.popitem(last=False)
    return reach


def _reach(paper: Image.Image, text: str) -> int:
    if not _is_read(paper, text, NEAR[0]):
        return next((far for far in NEAR[1:] if _is_read(paper, text, far)), UNREADABLE)
    reach = NEAR[0]
    for further in FAR:
        if not _is_read(paper, text, further):
            break
        reach = further
    return reach


def _is_read(paper: Image.Image, text: str, widths: int) -> bool:
    near = camera.near(paper, widths)
    return all(_is_seen(near, text, widths, view) for view in camera.VIEWS)


def _is_seen(near: Image.Image, text: str, widths: int, view: camera.View) -> bool:
    frames = (camera.seen(near, widths, view, frame) for frame in range(camera.FRAMES))
    return any(_says(frame, text) for frame in frames)


def _says(frame: Image.Image, text: str) -> bool:
    """With either way to tell dark from light, and where noise is in the way at half the size:
    phones have several tries too."""
    local, all_over = zxingcpp.Binarizer.LocalAverage, zxingcpp.Binarizer.GlobalHistogram
    return (
        _texts(frame, local) == [text]
        or _texts(frame, all_over) == [text]
        or _texts(frame.reduce(2), local) == [text]
    )


def _texts(
    picture: Image.Image, binarizer: zxingcpp.Binarizer = zxingcpp.Binarizer.LocalAverage
) -> list[str]:
    """Not the other way round: zxing reads light modules on dark, and several phones do not."""
    found = zxingcpp.read_barcodes(picture, formats=_FORMATS, try_invert=False, binarizer=binarizer)
    return [one.text for one in found]
