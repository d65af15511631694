"""What goes back to a caller: status, headers, bytes. Knows nothing of what is in them."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.types import Send

JSON = "application/json"


class Reply(msgspec.Struct):
    """An answer that is ready to be sent. Header names are in lower case."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = msgspec.field(default_factory=dict)

    async def send(self, send: Send, *, head: bool = False) -> None:
        """`head`: the headers of the answer without its body."""
        headers = [(name.encode(), value.encode("latin-1")) for name, value in self.headers.items()]
        if self.status != 204:
            headers.append((b"content-length", str(len(self.body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if head else self.body})


def json_reply(value: Any, status: int = 200) -> Reply:
    return Reply(status, msgspec.json.encode(value), {"content-type": JSON})
