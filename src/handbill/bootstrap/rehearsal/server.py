"""The running server, as a payer and a shop of the sandbox acquirer reach it: over HTTP."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from handbill.bootstrap.acquirers import SANDBOX_PATH
from handbill.bootstrap.rehearsal.plan import NOTHING
from handbill.infra.outbound import Answer, Outbound, OutboundError
from handbill.kernel.errors import Unavailable

FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
ANSWER_SECONDS = 30.0
ANSWER_MAX = 1_048_576


class Server:
    """Raises Unavailable where nobody answers. `secret_key` is the shop's at the acquirer."""

    def __init__(self, outbound: Outbound, url: str, secret_key: str) -> None:
        self._outbound, self._url, self._secret_key = outbound, url, secret_key

    async def post(self, path: str, form: Mapping[str, str]) -> Answer:
        """As a payer's browser does."""
        return await self._send("POST", path, FORM, urlencode(form).encode())

    async def states(self, attempt_id: str) -> str:
        """What the acquirer knows of an attempt, in its own words."""
        answer = await self._as_shop("GET", f"/v1/payments?attempt_id={attempt_id}")
        found = msgspec.json.decode(answer.body)["data"]
        words = [payment["status"] for payment in found] or [NOTHING]
        words += ["disputed" for payment in found if payment["disputed"]]
        return " and ".join(words)

    async def advance(self, seconds: int) -> None:
        """Moves the shop's clock at the acquirer."""
        await self._as_shop("POST", "/v1/clock", {"advance_seconds": seconds})

    async def _as_shop(self, verb: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        headers = {"authorization": f"Bearer {self._secret_key}"}
        if body is not None:
            key = f"rehearsal-{secrets.token_hex(16)}"
            headers |= {"content-type": "application/json", "idempotency-key": key}
        content = b"" if body is None else msgspec.json.encode(body)
        answer = await self._send(verb, SANDBOX_PATH + path, headers, content)
        if answer.status != 200:
            raise Unavailable(f"The sandbox acquirer answered with status {answer.status}.")
        return answer

    async def _send(self, verb: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            return await self._outbound.send(
                verb,
                self._url + path,
                headers=headers,
                body=body,
                timeout_seconds=ANSWER_SECONDS,
                body_max=ANSWER_MAX,
            )
        except OutboundError as error:
            raise Unavailable(
                f"No server at {self._url}: {error}. Start handbill serve, or say where it is"
                " with --url."
            ) from error
