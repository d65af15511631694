"""A fuzzer that nobody here wrote reads our own OpenAPI document and tries to break the promise.

It sends what the document allows and what it forbids, without keys and with wrong ones, walks from
object to object, and looks as one merchant at what another has made.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from handbill.bootstrap.first_start import open_merchant
from handbill.kernel.clock import ManualClock
from handbill.merchants.service import NewMerchant
from tests.support.running import RunningHouse, running_house

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

SECONDS = 540
EXAMPLES = 40

# A body may fit the schema and still be refused: bounds between fields, addresses that are not
# the caller's, a currency that does not fit the product's. So 422 is an answer to fitting data, and
# 429 to the twenty-first test of a notice channel within a minute.
CONFIG = """
generation.deterministic = true
[auth.wfc]
path = "{peers}"
peers = ["shop", "other"]
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 401, 403, 404, 409, 410, 415, 422, 429]
"""


def _peers(house: RunningHouse, other: NewMerchant) -> str:
    keys = {"shop": house.merchant.api_keys["test"], "other": other.api_keys["test"]}
    entries = [
        {"name": name, "fixedHeaders": [{"name": "x-api-key", "value": key}]}
        for name, key in keys.items()
    ]
    return json.dumps({"auth": entries})


async def test_the_api_keeps_what_its_document_says(
    sqlite_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    peers, config = tmp_path / "peers.json", tmp_path / "schemathesis.toml"
    async with running_house(sqlite_url, tmp_path, clock) as house:
        other = await house.house.db.write(
            lambda tx: open_merchant(tx, house.house.crypto, "Other", None, sandbox=True)
        )
        peers.write_text(_peers(house, other))
        config.write_text(CONFIG.format(peers=peers))

        fuzzer = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config)),
            *("run", f"{house.url}/openapi.json"),
            *("--checks", "all", "--max-examples", str(EXAMPLES)),
            *("--request-timeout", "10", "--generation-database", "none", "--no-color"),
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(SECONDS):
                said, _ = await fuzzer.communicate()
        finally:
            if fuzzer.returncode is None:
                fuzzer.kill()

    assert fuzzer.returncode == 0, said.decode(errors="replace")[-8_000:]
