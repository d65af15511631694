"""Payers who ask for a new link; the channels by which a merchant hears of what happens."""

from __future__ import annotations

from handbill.infra.migrations import dialect

revision = "0015"
down_revision = "0014"

TABLES = (
    """
    CREATE TABLE asks (
        id {id} PRIMARY KEY,
        merchant_id BIGINT NOT NULL REFERENCES merchants (id),
        test {flag} NOT NULL,
        link_id {id} NOT NULL REFERENCES links (id),
        state TEXT NOT NULL,
        lang TEXT NOT NULL,
        created_at {at} NOT NULL,
        done_at {at}
    )
    """,
    "CREATE INDEX asks_of_link ON asks (link_id, created_at, id)",
    "CREATE INDEX asks_of_merchant ON asks (merchant_id, test, created_at, id)",
    """
    CREATE TABLE notice_channels (
        id {id} PRIMARY KEY,
        merchant_id BIGINT NOT NULL REFERENCES merchants (id),
        test {flag} NOT NULL,
        kind TEXT NOT NULL,
        target TEXT NOT NULL,
        sealed TEXT,
        events_json {json} NOT NULL,
        lang TEXT NOT NULL,
        status TEXT NOT NULL,
        status_reason TEXT,
        failing_since {at},
        failures INTEGER NOT NULL,
        last_error TEXT,
        last_sent_at {at},
        minute_at {at} NOT NULL,
        minute_count INTEGER NOT NULL,
        after_sequence BIGINT NOT NULL,
        created_at {at} NOT NULL,
        updated_at {at} NOT NULL
    )
    """,
    """
    CREATE INDEX notice_channels_of_merchant
        ON notice_channels (merchant_id, test, created_at, id)
    """,
)


def upgrade() -> None:
    dialect.run(*TABLES)


def downgrade() -> None:
    dialect.drop("notice_channels", "asks")
