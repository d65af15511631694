"""Codes as pictures, with their logo: drawn here, and the logo laid on them in a worker process."""

from __future__ import annotations

import asyncio

import msgspec

from handbill.infra.workshop import JobFailed, JobStopped, Workshop
from handbill.kernel.errors import Unavailable
from handbill.qr import formats
from handbill.qr.code import Code
from handbill.qr.layout import Extent, laid_out
from handbill.qr.logo_place import cleared, place
from handbill.qr.style import CodeStyle

LOGOS = "handbill.qr.logos"
"""The module that the workshop must allow."""


async def png(press: Workshop, code: Code, style: CodeStyle, extent: Extent) -> bytes:
    """Raises Invalid on what does not fit the code, and Unavailable where the worker cannot."""
    layout = laid_out(code, extent)
    if style.logo is None:
        return await asyncio.to_thread(formats.png, code, layout, style.color)
    plain = await asyncio.to_thread(formats.png, cleared(code), layout, style.color)
    try:
        side = place(code).side * layout.scale
        made = await press.run(f"{LOGOS}:laid_on", plain, style.logo, side)
    except (JobFailed, JobStopped) as error:
        raise Unavailable("The code cannot be drawn right now.") from error
    return msgspec.convert(made, bytes)
