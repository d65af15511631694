"""The sandbox acquirer's own tables. Nothing of Handbill's refers to them, or they to it."""

from __future__ import annotations

from handbill.infra.migrations import dialect

revision = "0002"
down_revision = "0001"

SANDBOX = (
    """
    CREATE TABLE sandbox_shops (
        id {id} PRIMARY KEY,
        name TEXT NOT NULL,
        key_hash TEXT NOT NULL UNIQUE,
        notification_secret TEXT NOT NULL,
        created_at {at} NOT NULL
    )
    """,
    """
    CREATE TABLE sandbox_payments (
        id {id} PRIMARY KEY,
        shop_id {id} NOT NULL REFERENCES sandbox_shops (id),
        attempt_id TEXT NOT NULL,
        token TEXT NOT NULL UNIQUE,
        method TEXT NOT NULL,
        status TEXT NOT NULL,
        amount_minor {minor} NOT NULL CHECK (amount_minor > 0),
        captured_minor {minor} NOT NULL CHECK (captured_minor BETWEEN 0 AND amount_minor),
        refunded_minor {minor} NOT NULL CHECK (refunded_minor BETWEEN 0 AND captured_minor),
        currency TEXT NOT NULL,
        capture {flag} NOT NULL,
        description TEXT NOT NULL,
        return_url TEXT NOT NULL,
        notification_url TEXT NOT NULL,
        payment_url TEXT NOT NULL,
        metadata_json {json} NOT NULL,
        scenario TEXT,
        decline_code TEXT,
        created_at {at} NOT NULL,
        updated_at {at} NOT NULL,
        expires_at {at} NOT NULL
    )
    """,
    "CREATE INDEX sandbox_payments_of_shop ON sandbox_payments (shop_id, id)",
    "CREATE INDEX sandbox_payments_by_attempt ON sandbox_payments (shop_id, attempt_id)",
    """
    CREATE TABLE sandbox_refunds (
        id {id} PRIMARY KEY,
        shop_id {id} NOT NULL REFERENCES sandbox_shops (id),
        payment_id {id} NOT NULL REFERENCES sandbox_payments (id),
        amount_minor {minor} NOT NULL CHECK (amount_minor > 0),
        currency TEXT NOT NULL,
        reason TEXT NOT NULL,
        status TEXT NOT NULL,
        created_at {at} NOT NULL,
        updated_at {at} NOT NULL
    )
    """,
    "CREATE INDEX sandbox_refunds_of_payment ON sandbox_refunds (payment_id)",
    """
    CREATE TABLE sandbox_requests (
        shop_id {id} NOT NULL REFERENCES sandbox_shops (id),
        key TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        answer TEXT NOT NULL,
        created_at {at} NOT NULL,
        PRIMARY KEY (shop_id, key)
    )
    """,
    "CREATE INDEX sandbox_requests_by_age ON sandbox_requests (created_at)",
    """
    CREATE TABLE sandbox_notifications (
        id {id} PRIMARY KEY,
        shop_id {id} NOT NULL REFERENCES sandbox_shops (id),
        payment_id {id} NOT NULL REFERENCES sandbox_payments (id),
        type TEXT NOT NULL,
        url TEXT NOT NULL,
        body TEXT NOT NULL,
        status TEXT NOT NULL,
        tries INTEGER NOT NULL,
        created_at {at} NOT NULL,
        updated_at {at} NOT NULL
    )
    """,
    "CREATE INDEX sandbox_notifications_of_payment ON sandbox_notifications (payment_id)",
)


def upgrade() -> None:
    dialect.run(*SANDBOX)


def downgrade() -> None:
    dialect.drop(
        "sandbox_notifications",
        "sandbox_requests",
        "sandbox_refunds",
        "sandbox_payments",
        "sandbox_shops",
    )
