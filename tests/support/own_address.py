"""Sends a guarded request to a public address that this machine has, by no name of ours: a program
for a network of its own. Prints whether it was refused, and how many requests were heard there."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from handbill.infra.outbound import Outbound, Refused
from tests.support.receivers import answer, receiving


async def run(address: str) -> None:
    async def found(host: str, port: int) -> Sequence[str]:
        return [address]

    async with receiving(answer(), (address,)) as receiver:
        guarded = Outbound(guarded=True, ports=[receiver.port], lookup=found)
        try:
            await guarded.send("POST", receiver.url(host="shop.example"), body=b"{}", plain=True)
        except Refused:
            print("refused")
        await guarded.close()
    print(f"heard {len(receiver.heard)}")


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1]))
