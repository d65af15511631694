"""The files that pages load: style sheet, icon, scripts. All of them come from this server.

Their addresses carry a hash of the content, so a browser keeps them for a year and still never
shows an old one. They are read once and answered from memory.
"""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.kernel.errors import NotFound

DIRECTORY = Path(__file__).parent.parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
_YEAR_SECONDS = 31_536_000


class Assets:
    """`path` is the path of the public address, where the installation is not at its root."""

    def __init__(self, directory: Path = DIRECTORY, *, path: str = "") -> None:
        self._path = path
        self._hashed: dict[str, str] = {}
        self._responses: dict[str, tuple[Response, Response]] = {}
        for file in sorted(directory.iterdir()):
            if file.suffix in _TYPES:
                self._add(file.name, file.read_bytes())

    def url(self, name: str) -> str:
        """The address of a file. Raises KeyError for a file that is not there."""
        return f"{self._path}/static/{self._hashed[name]}"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._hashed)

    def media_type(self, name: str) -> str:
        return _TYPES[Path(name).suffix]

    def body(self, name: str) -> bytes:
        return bytes(self._responses[self._hashed[name]][0].body)

    def routes(self) -> list[Route]:
        return [Route("/static/{name}", self._serve, methods=["GET"])]

    def _add(self, name: str, content: bytes) -> None:
        stem, _, suffix = name.rpartition(".")
        hashed = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"
        headers = {
            "cache-control": f"public, max-age={_YEAR_SECONDS}, immutable",
            "cross-origin-resource-policy": "same-origin",
            "vary": "accept-encoding",
        }
        kind = _TYPES[f".{suffix}"]
        plain = Response(content, media_type=kind, headers=headers)
        headers["content-encoding"] = "gzip"
        packed = Response(gzip.compress(content, mtime=0), media_type=kind, headers=headers)
        self._hashed[name] = hashed
        self._responses[hashed] = (plain, packed)

    async def _serve(self, request: Request) -> Response:
        found = self._responses.get(request.path_params["name"])
        if found is None:
            raise NotFound("There is no such file.")
        packed = "gzip" in request.headers.get("accept-encoding", "")
        return found[1 if packed else 0]
