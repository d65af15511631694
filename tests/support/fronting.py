"""TLS in front of a house, as Caddy does it: bytes go through, and nothing is read."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.support.certificates import tls_pair

CHUNK_BYTES = 64 * 1024


@asynccontextmanager
async def tls_front(folder: Path, name: str, port: int) -> AsyncIterator[int]:
    """Listens on loopback as `name`, for the server at `port` there: the port to go to."""

    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        back_reader, back_writer = await asyncio.open_connection("localhost", port)
        await asyncio.gather(_pour(reader, back_writer), _pour(back_reader, writer))

    certificate, _ = tls_pair(folder, name)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=certificate)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def _pour(reader: StreamReader, writer: StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    with suppress(OSError):
        writer.close()
