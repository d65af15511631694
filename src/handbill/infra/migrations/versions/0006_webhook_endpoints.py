"""Webhook endpoints; deliveries as a queue of their own, which can be replayed.

Deliveries were jobs; now their own rows say when they are due and who holds them. What is pending
stays pending, and its job goes.
"""

from __future__ import annotations

from handbill.infra.migrations import dialect

revision = "0006"
down_revision = "0005"

ENDPOINTS = (
    """
    CREATE TABLE webhook_endpoints (
        id {id} PRIMARY KEY,
        merchant_id BIGINT NOT NULL REFERENCES merchants (id),
        test {flag} NOT NULL,
        url TEXT NOT NULL,
        events_json {json} NOT NULL,
        format TEXT NOT NULL,
        description TEXT,
        status TEXT NOT NULL,
        status_reason TEXT,
        failing_since {at},
        after_sequence BIGINT NOT NULL,
        created_at {at} NOT NULL,
        updated_at {at} NOT NULL,
        deleted_at {at}
    )
    """,
    """
    CREATE INDEX webhook_endpoints_of_merchant
        ON webhook_endpoints (merchant_id, test, created_at, id)
    """,
    """
    CREATE TABLE webhook_endpoint_secrets (
        id {id} PRIMARY KEY,
        endpoint_id {id} NOT NULL REFERENCES webhook_endpoints (id),
        sealed TEXT NOT NULL,
        created_at {at} NOT NULL,
        expires_at {at}
    )
    """,
    """
    CREATE INDEX webhook_endpoint_secrets_of_endpoint
        ON webhook_endpoint_secrets (endpoint_id, created_at)
    """,
    "ALTER TABLE event_counters ADD COLUMN followed_json {json} NOT NULL DEFAULT '[]'",
)

# Kept aside and made anew, because SQLite takes no constraint away from a table: an event may now
# go to one address several times.
KEEP = (
    "CREATE TABLE kept_deliveries AS SELECT * FROM deliveries",
    "CREATE TABLE kept_attempts AS SELECT * FROM delivery_attempts",
)

DELIVERIES = (
    """
    CREATE TABLE deliveries (
        id {id} PRIMARY KEY,
        event_id {id} NOT NULL REFERENCES events (id),
        merchant_id BIGINT NOT NULL REFERENCES merchants (id),
        test {flag} NOT NULL,
        endpoint_id {id} REFERENCES webhook_endpoints (id),
        object_id TEXT NOT NULL,
        object_sequence INTEGER NOT NULL,
        url TEXT NOT NULL,
        body TEXT NOT NULL,
        replayed {flag} NOT NULL,
        status TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        next_at {at},
        fence INTEGER NOT NULL,
        delivered_at {at},
        created_at {at} NOT NULL
    )
    """,
    "CREATE INDEX deliveries_due ON deliveries (next_at) WHERE next_at IS NOT NULL",
    "CREATE INDEX deliveries_of_object ON deliveries (object_id, object_sequence)",
    "CREATE INDEX deliveries_to ON deliveries (merchant_id, endpoint_id, created_at, id)",
    """
    CREATE TABLE delivery_attempts (
        id {id} PRIMARY KEY,
        delivery_id {id} NOT NULL REFERENCES deliveries (id),
        number INTEGER NOT NULL,
        started_at {at} NOT NULL,
        duration_ms INTEGER NOT NULL,
        headers_json {json} NOT NULL,
        status_code INTEGER,
        error TEXT,
        response TEXT,
        UNIQUE (delivery_id, number)
    )
    """,
)

FILL = (
    """
    INSERT INTO deliveries (id, event_id, merchant_id, test, endpoint_id, object_id,
        object_sequence, url, body, replayed, status, attempts, next_at, fence, delivered_at,
        created_at)
    SELECT id, event_id, merchant_id, test, NULL, object_id, object_sequence, url, body, FALSE,
        status, attempts, next_at, 0, delivered_at, created_at FROM kept_deliveries
    """,
    """
    INSERT INTO delivery_attempts (id, delivery_id, number, started_at, duration_ms, headers_json,
        status_code, error, response)
    SELECT id, delivery_id, number, started_at, duration_ms, '{}', status_code, error, response
        FROM kept_attempts
    """,
    "DELETE FROM jobs WHERE kind = 'webhooks.deliver'",
)

BEFORE = (
    """
    CREATE TABLE deliveries (
        id {id} PRIMARY KEY,
        event_id {id} NOT NULL REFERENCES events (id),
        merchant_id BIGINT NOT NULL REFERENCES merchants (id),
        test {flag} NOT NULL,
        object_id TEXT NOT NULL,
        object_sequence INTEGER NOT NULL,
        url TEXT NOT NULL,
        body TEXT NOT NULL,
        status TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        next_at {at},
        delivered_at {at},
        created_at {at} NOT NULL,
        UNIQUE (event_id, url)
    )
    """,
    "CREATE INDEX deliveries_of_object ON deliveries (object_id, object_sequence)",
    """
    CREATE TABLE delivery_attempts (
        id {id} PRIMARY KEY,
        delivery_id {id} NOT NULL REFERENCES deliveries (id),
        number INTEGER NOT NULL,
        started_at {at} NOT NULL,
        duration_ms INTEGER NOT NULL,
        status_code INTEGER,
        error TEXT,
        response TEXT,
        UNIQUE (delivery_id, number)
    )
    """,
)

# What an older version cannot tell is left out: replays and deliveries to endpoints.
REFILL = (
    """
    INSERT INTO deliveries (id, event_id, merchant_id, test, object_id, object_sequence, url,
        body, status, attempts, next_at, delivered_at, created_at)
    SELECT id, event_id, merchant_id, test, object_id, object_sequence, url, body, status,
        attempts, next_at, delivered_at, created_at FROM kept_deliveries
        WHERE endpoint_id IS NULL AND NOT replayed
    """,
    """
    INSERT INTO delivery_attempts (id, delivery_id, number, started_at, duration_ms, status_code,
        error, response)
    SELECT id, delivery_id, number, started_at, duration_ms, status_code, error, response
        FROM kept_attempts WHERE delivery_id IN (SELECT id FROM deliveries)
    """,
    """
    INSERT INTO jobs (id, kind, key, payload_json, due_at, fence, tries, created_at)
    SELECT id, 'webhooks.deliver', 'webhooks.deliver:' || CAST(id AS TEXT),
        '{"delivery_id":"' || CAST(id AS TEXT) || '","host":""}', next_at, 0, 0, created_at
        FROM deliveries WHERE status = 'pending'
    """,
)


def upgrade() -> None:
    dialect.run(*ENDPOINTS, *KEEP)
    dialect.drop("delivery_attempts", "deliveries")
    dialect.run(*DELIVERIES, *FILL)
    dialect.drop("kept_attempts", "kept_deliveries")


def downgrade() -> None:
    dialect.run(*KEEP)
    dialect.drop("delivery_attempts", "deliveries")
    dialect.run(*BEFORE, *REFILL)
    dialect.drop("kept_attempts", "kept_deliveries")
    dialect.drop("webhook_endpoint_secrets", "webhook_endpoints")
    dialect.run("ALTER TABLE event_counters DROP COLUMN followed_json")
