"""Shows rendered pages to a browser under the headers that a server would send.

Every request of the browser ends here; nothing goes over the network, and an address that no page
should ask for fails the test.
"""

from __future__ import annotations

import io
from pathlib import Path
from urllib.parse import urlsplit

import segno
from PIL import Image
from playwright.async_api import Page, Request, Route

from handbill.web.pages.accents import style_sheet
from handbill.web.pages.assets import Assets
from handbill.web.pages.headers import page_headers
from handbill.web.pages.render import Renderer
from tests.browser.samples import ORIGIN

HTML = "text/html; charset=utf-8"


class Shown:
    """What a browser looks at. A new `html` is what it gets when it asks again."""

    def __init__(self, html: bytes) -> None:
        self.html = html
        self.troubles: list[str] = []


class Stage:
    """One renderer and the files that its pages load."""

    def __init__(self) -> None:
        self.assets = Assets()
        self.renderer = Renderer(self.assets)
        self._photo = photo()
        self._code = _code()

    async def show(self, page: Page, html: bytes, *, scripts: bool = False) -> Shown:
        """Opens the page. What goes wrong while it loads, or later, is added to `troubles`."""
        shown = Shown(html)
        troubles = shown.troubles

        async def serve(route: Route, request: Request) -> None:
            path = urlsplit(request.url).path
            if not request.url.startswith(ORIGIN):
                troubles.append(f"asked for {request.url}")
                await route.abort()
            elif request.method == "POST":
                await route.fulfill(status=204)  # the browser stays where it is
            elif path == "/page":
                headers = {"content-type": HTML, **page_headers(scripts=scripts)}
                await route.fulfill(status=200, headers=headers, body=shown.html)
            else:
                kind, body = self._file(path)
                await route.fulfill(status=200, content_type=kind, body=body)

        await page.goto("about:blank")  # ends what an earlier page may still be asking for
        await page.unroute_all()
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        await page.route("**/*", serve)
        await page.goto(f"{ORIGIN}/page")
        return shown

    def _file(self, path: str) -> tuple[str, bytes]:
        if path == "/images/code.svg":
            return "image/svg+xml", self._code
        if path.startswith("/pay/accent/"):
            return "text/css", style_sheet(f"#{Path(path).stem}").encode()
        if path.startswith("/images/"):
            return "image/png", self._photo
        name = next(n for n in self.assets.names if self.assets.url(n) == path)
        return self.assets.media_type(name), self.assets.body(name)


def photo() -> bytes:
    grey = Image.radial_gradient("L").resize((800, 500))
    bands = [grey.point(lambda v, c=c: c - v // 4) for c in (210, 160, 110)]
    file = io.BytesIO()
    Image.merge("RGB", bands).save(file, "PNG")
    return file.getvalue()


def _code() -> bytes:
    file = io.BytesIO()
    segno.make("https://sbp.example/AS10003P3RH0LJ2A9ROO038L6NT5RU1M").save(
        file, kind="svg", scale=8, border=4, dark="#000", light="#fff"
    )
    return file.getvalue()
