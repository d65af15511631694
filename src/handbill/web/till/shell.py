"""What makes the till an app of its own: manifest, service worker, and a page for no network.

Public and the same for everybody. The worker keeps the files of the shell and that page, and never
anything that tells of a sale.
"""

from __future__ import annotations

import hashlib

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.web.till.register import HOME, Register
from handbill.web.till.views import Frame, OfflinePage

FILES = ("page.css", "till.css", "key.js", "till.js", "icon.svg")
WORKER = "till-worker.js"
ICONS = (
    ("till-192.png", "192x192", "any"),
    ("till-512.png", "512x512", "any"),
    ("till-maskable.png", "512x512", "maskable"),
)
PAPER = "#f2efe7"


class Shell:
    def __init__(self, register: Register) -> None:
        self._register = register
        self._assets = register.desk.assets
        self._path = register.desk.addresses.path + HOME

    def routes(self) -> list[Route]:
        open_to_all = self._register.open_to_all
        return [
            Route(f"{HOME}/manifest.webmanifest", open_to_all(self.manifest), methods=["GET"]),
            Route(f"{HOME}/worker.js", open_to_all(self.worker), methods=["GET"]),
            Route(f"{HOME}/offline", open_to_all(self.offline), methods=["GET"]),
        ]

    async def manifest(self, request: Request) -> Response:
        language = self._register.language(request)
        name = language.gettext("Till")
        said = {
            "id": self._path,
            "name": f"{name} · Handbill",
            "short_name": name,
            "lang": language.code,
            "dir": language.direction,
            "start_url": self._path,
            "scope": self._path,
            "display": "standalone",
            "background_color": PAPER,
            "theme_color": PAPER,
            "icons": [
                {"src": self._assets.url(file), "sizes": sizes, "type": "image/png", "purpose": use}
                for file, sizes, use in ICONS
            ],
        }
        body = msgspec.json.encode(said)
        return Response(body, headers=_FRESH, media_type="application/manifest+json")

    async def worker(self, _request: Request) -> Response:
        """The file, told what to keep; a new version of any of it is a new worker."""
        kept = [self._assets.url(name) for name in FILES]
        source = self._assets.body(WORKER)
        version = hashlib.sha256(b"".join([*map(str.encode, kept), source])).hexdigest()[:12]
        told = {"version": version, "files": kept, "scope": self._path}
        body = b"const SHELL = " + msgspec.json.encode(told) + b";\n" + source
        headers = {**_FRESH, "service-worker-allowed": self._path}
        return Response(body, headers=headers, media_type="text/javascript")

    async def offline(self, request: Request) -> Response:
        view = OfflinePage(Frame(home=self._register.home))
        return self._register.page(request, "offline", view)


_FRESH = {"cache-control": "no-cache"}
