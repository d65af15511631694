"""Carries out curl commands as the specification has them, with only host, key and ids replaced.

Reads what curl reads of them (`-X`, `-H`, `-d`, `-F`) and refuses any other option, so that a
command is never carried out in part.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import httpx2

HOST = "https://4pay.online"
KEY = "YOUR_API_KEY"


class Terminal:
    """`replaced` maps what stands in a command to what stands for it here, such as sample ids."""

    def __init__(self, http: httpx2.AsyncClient, url: str, key: str, folder: Path) -> None:
        self._http, self._url, self._key, self._folder = http, url, key, folder

    async def run(self, command: str, replaced: dict[str, str] | None = None) -> httpx2.Response:
        for old, new in {HOST: self._url, KEY: self._key, **(replaced or {})}.items():
            command = command.replace(old, new)
        name, *words = shlex.split(command.replace("\\\n", " "))
        if name != "curl":
            raise ValueError(f"not a curl command: {name}")
        return await self._send(words)

    async def _send(self, words: list[str]) -> httpx2.Response:
        address, method, headers = "", "", dict[str, str]()
        sent: dict[str, Any] = {}
        rest = iter(words)
        for word in rest:
            if not word.startswith("-"):
                address = word
            elif word == "-X":
                method = next(rest)
            elif word == "-H":
                header, _, value = next(rest).partition(":")
                headers[header] = value.strip()
            elif word == "-d":
                sent["content"] = next(rest).encode()
            elif word == "-F":
                sent["files"] = self._part(next(rest))
            else:
                raise ValueError(f"an option that is not read here: {word}")
        return await self._http.request(
            method or ("POST" if sent else "GET"), address, headers=headers, **sent
        )

    def _part(self, given: str) -> dict[str, tuple[str, bytes]]:
        part, _, file = given.partition("=@")
        return {part: (file, (self._folder / file).read_bytes())}
