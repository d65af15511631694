"""The yardstick for durable links: PostgreSQL's own pgbench, writing the rows that a link makes,
one transaction each, with nothing between it and the server."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from handbill.infra.migrations.runner import upgrade
from tests.support.postgres import OWNER, PostgresServer, programs_folder, start_server

CLIENTS = 32
THREADS = 2
DATABASE = "yardstick"
# As the server comes, but for where it listens: an answered commit is on the disk.
DURABLE = {"listen_addresses": "127.0.0.1", "fsync": "on", "synchronous_commit": "on"}
_RATE = re.compile(r"tps = ([0-9.]+) \(without initial")

# pgbench takes every colon before a letter or a digit for a variable: JSON has spaces behind them.
# An id begins with its time, as ours do: neighbours in time are neighbours in every index.
_ID = (
    "(lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0')"
    " || substr(replace(gen_random_uuid()::text, '-', ''), 1, 20))::uuid"
)
_SCRIPT = f"""\
\\set merchant {{merchant}}
BEGIN;
INSERT INTO links (id, merchant_id, test, code, amount_type, amount_minor, currency,
 pay_config_json, status, payments_count, metadata_json, version, created_at, updated_at)
 VALUES ({_ID}, :merchant, true, substr(md5(random()::text), 1, 20), 'fixed', 1000, 'RUB',
 '{{{{"methods": ["card"]}}}}', 'active', 0, '{{{{}}}}', 1, 1772359200000, 1772359200000)
 RETURNING id AS link \\gset
UPDATE event_counters SET sequence = sequence + 1 WHERE merchant_id = :merchant
 RETURNING sequence \\gset
INSERT INTO events (id, merchant_id, test, sequence, type, object_id, object_sequence, data_json,
 created_at) VALUES ({_ID}, :merchant, true, :sequence, 'link.created', :link, 1,
 '{{{{"id": "0195a0a0-0000-7000-8000-000000000000", "status": "active",'
 ' "status_reason": null, "amount_type": "fixed", "amount": {{{{"default": 1000,'
 ' "currency": "RUB"}}}}, "product": null}}}}',
 1772359200000);
COMMIT;
"""


@contextmanager
def durable_postgres(folder: Path) -> Iterator[PostgresServer]:
    """Flushes every commit, and keeps its files below `folder`. Raises RuntimeError where
    PostgreSQL is missing."""
    server = start_server(DURABLE, parent=folder)
    try:
        yield server
    finally:
        server.stop()


class Pgbench:
    """On a database of its own with the schema of Handbill and a merchant for each client."""

    def __init__(self, server: PostgresServer, folder: Path) -> None:
        self._server = server
        self._folder = folder
        url = server.create(DATABASE)
        upgrade(url)
        with psycopg.connect(url) as db:
            db.execute(
                "INSERT INTO merchants (name, status, fee_rule_json, return_origins_json,"
                " created_at, updated_at) SELECT 'm', 'active', '{}', '[]', 0, 0"
                " FROM generate_series(1, %s)",
                (CLIENTS,),
            )
            db.execute("INSERT INTO event_counters SELECT id, 0 FROM merchants")

    def rate(self, seconds: float, *, one_merchant: bool = False) -> float:
        """Transactions a second. `one_merchant`: all clients wait for one counter's row."""
        name = "one" if one_merchant else "each"
        script = self._folder / f"{name}.sql"
        script.write_text(_SCRIPT.format(merchant="1" if one_merchant else ":client_id + 1"))
        done = subprocess.run(
            [
                str(programs_folder() / "pgbench"),
                *("--no-vacuum", "--host=127.0.0.1", f"--port={self._server.port}"),
                *(f"--username={OWNER}", f"--client={CLIENTS}", f"--jobs={THREADS}"),
                *("--protocol=prepared", f"--time={max(1, round(seconds))}", f"--file={script}"),
                DATABASE,
            ],
            capture_output=True,
            text=True,
            timeout=seconds + 60,
        )
        found = _RATE.search(done.stdout)
        if done.returncode or found is None:
            raise RuntimeError(f"pgbench failed: {done.stderr[-1_000:]}")
        return float(found[1])
