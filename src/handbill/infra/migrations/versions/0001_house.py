"""The house: merchants, catalogue, links, payments, events, webhooks, jobs."""

from __future__ import annotations

from handbill.infra.migrations import dialect

revision = "0001"
down_revision = None

MERCHANTS = (
    """
    CREATE TABLE merchants (
        id {serial},
        name TEXT NOT NULL,
        legal_name TEXT,
        tax_id TEXT,
        support_contact TEXT,
        notify_url TEXT,
        status TEXT NOT NULL,
        fee_rule_json {json} NOT NULL,
        return_origins_json {json} NOT NULL,
        created_at {at} NOT NULL,
        updated_at {at} NOT NULL
    )
    """,
    """
    CREATE TABLE api_keys (
        id {id} PRIMARY KEY,
        merchant_id BIGINT NOT NULL REFERENCES merchants (id),
        test {flag} NOT NULL,
        hash TEXT NOT NULL UNIQUE,
        last_four TEXT NOT NULL,
        scopes_json {json} NOT NULL,
        created_at {at} NOT NULL,
        revoked_at {at}
    )
    """,
    "CREATE INDEX api_keys_of_merchant ON api_keys (merchant_id, created_at)",
    """
    CREATE TABLE webhook_secrets (
        id {id} PRIMARY KEY,
        merchant_id BIGINT NOT NULL REFERENCES merchants (id),
        sealed TEXT NOT NULL,
        created_at {at} NOT NULL,
        expires_at {at}
    )
    """,
    "CREATE INDEX webhook_secrets_of_merchant ON webhook_secrets (merchant_id, created_at)",
    """
    CREATE TABLE provider_accounts (
        id {id} PRIMARY KEY,
        merchant_id BIGINT NOT NULL REFERENCES merchants (id),
        test {flag} NOT NULL,
        provider TEXT NOT NULL,
        token TEXT NOT NULL UNIQUE,
        sealed TEXT NOT NULL,
        methods_json {json} NOT NULL,
        status TEXT NOT NULL,
        created_at {at} NOT NULL
    )
    """,
    "CREATE INDEX provider_accounts_of_merchant ON provider_accounts (merchant_id, test)",
)

CATALOG = (
    """
    CREATE TABLE images (
        key TEXT PRIMARY KEY,
        merchant_id BIGINT NOT NULL REFERENCES merchants (id),
        test {flag} NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        created_at {at} NOT NULL
    )
    """,
    """
    CREATE TABLE products (
        id {id} PRIMARY KEY,
        merchant_id BIGINT NOT NULL REFERENCES merchants (id),
        test {flag} NOT NULL,
        header TEXT NOT NULL,
        text TEXT,
        price_minor {minor} NOT NULL,
        currency TEXT NOT NULL,
        qty TEXT NOT NULL,
        image TEXT,
        link_id {id} NOT NULL,
        search_text TEXT,
        created_at {at} NOT NULL,
        updated_at {at} NOT NULL,
        deleted_at {at}
    )
    """,
    "CREATE INDEX products_of_merchant ON products (merchant_id, test, created_at, id)",
)

LINKS = (
    """
    CREATE TABLE links (
        id {id} PRIMARY KEY,
        merchant_id BIGINT NOT NULL REFERENCES merchants (id),
        test {flag} NOT NULL,
        code TEXT NOT NULL UNIQUE,
        product_id {id},
        amount_type TEXT NOT NULL,
        amount_minor {minor} NOT NULL,
        min_minor {minor},
        max_minor {minor},
        currency TEXT NOT NULL,
        pay_config_json {json} NOT NULL,
        title TEXT,
        description TEXT,
        image TEXT,
        status TEXT NOT NULL,
        status_reason TEXT,
        max_payments INTEGER,
        payments_count INTEGER NOT NULL,
        expires_at {at},
        notify_url TEXT,
        return_url TEXT,
        fail_url TEXT,
        closed_message TEXT,
        metadata_json {json} NOT NULL,
        search_text TEXT,
        version INTEGER NOT NULL,
        created_at {at} NOT NULL,
        updated_at {at} NOT NULL,
        deleted_at {at}
    )
    """,
    "CREATE INDEX links_of_merchant ON links (merchant_id, test, created_at, id)",
    """
    CREATE TABLE link_products (
        link_id {id} NOT NULL REFERENCES links (id),
        product_id {id} NOT NULL REFERENCES products (id),
        position INTEGER NOT NULL,
        PRIMARY KEY (link_id, product_id)
    )
    """,
    "CREATE INDEX link_products_of_product ON link_products (product_id)",
)

PAYMENTS = (
    """
    CREATE TABLE payments (
        id {id} PRIMARY KEY,
        merchant_id BIGINT NOT NULL REFERENCES merchants (id),
        test {flag} NOT NULL,
        link_id {id} REFERENCES links (id),
        product_id {id} REFERENCES products (id),
        txid TEXT NOT NULL,
        type TEXT NOT NULL,
        fingerprint TEXT,
        token TEXT NOT NULL UNIQUE,
        payer TEXT,
        status TEXT NOT NULL,
        amount_minor {minor} NOT NULL,
        amount_with_fee_minor {minor} NOT NULL,
        amount_dest_minor {minor} NOT NULL,
        refunded_minor {minor} NOT NULL,
        currency TEXT NOT NULL,
        method TEXT,
        provider TEXT,
        title TEXT,
        description TEXT,
        notify_url TEXT,
        return_url TEXT,
        fail_url TEXT,
        customer_json {json} NOT NULL,
        lang TEXT,
        metadata_json {json} NOT NULL,
        error_code TEXT,
        error_description TEXT,
        late {flag} NOT NULL,
        surplus {flag} NOT NULL,
        created_at {at} NOT NULL,
        updated_at {at} NOT NULL,
        expires_at {at} NOT NULL,
        charged_at {at},
        UNIQUE (merchant_id, test, txid)
    )
    """,
    "CREATE INDEX payments_of_merchant ON payments (merchant_id, test, created_at, id)",
    "CREATE INDEX payments_of_link ON payments (link_id, created_at)",
    """
    CREATE INDEX payments_of_payer ON payments (link_id, payer, created_at)
        WHERE payer IS NOT NULL
    """,
    """
    CREATE TABLE link_places (
        payment_id {id} PRIMARY KEY,
        link_id {id} NOT NULL REFERENCES links (id),
        until_at {at} NOT NULL
    )
    """,
    "CREATE INDEX link_places_of_link ON link_places (link_id)",
    """
    CREATE TABLE attempts (
        id {id} PRIMARY KEY,
        payment_id {id} NOT NULL REFERENCES payments (id),
        merchant_id BIGINT NOT NULL REFERENCES merchants (id),
        account_id {id} NOT NULL REFERENCES provider_accounts (id),
        provider TEXT NOT NULL,
        method TEXT NOT NULL,
        status TEXT NOT NULL,
        live {flag} NOT NULL,
        reference TEXT,
        redirect_url TEXT,
        qr_payload TEXT,
        amount_minor {minor} NOT NULL,
        currency TEXT NOT NULL,
        fee_minor {minor},
        error_code TEXT,
        error_description TEXT,
        created_at {at} NOT NULL,
        updated_at {at} NOT NULL,
        expires_at {at} NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX attempts_one_live ON attempts (payment_id) WHERE live",
    "CREATE INDEX attempts_of_payment ON attempts (payment_id, created_at)",
    "CREATE UNIQUE INDEX attempts_by_reference ON attempts (account_id, reference)",
    """
    CREATE TABLE notifications (
        id {id} PRIMARY KEY,
        account_id {id} NOT NULL REFERENCES provider_accounts (id),
        event_id TEXT NOT NULL,
        reference TEXT NOT NULL,
        headers_json {json} NOT NULL,
        body TEXT NOT NULL,
        received_at {at} NOT NULL,
        UNIQUE (account_id, event_id)
    )
    """,
)

EVENTS = (
    """
    CREATE TABLE event_counters (
        merchant_id BIGINT PRIMARY KEY REFERENCES merchants (id),
        sequence BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE events (
        id {id} PRIMARY KEY,
        merchant_id BIGINT NOT NULL,
        test {flag} NOT NULL,
        sequence BIGINT NOT NULL,
        type TEXT NOT NULL,
        object_id TEXT NOT NULL,
        object_sequence INTEGER NOT NULL,
        data_json {json} NOT NULL,
        created_at {at} NOT NULL,
        UNIQUE (merchant_id, sequence),
        UNIQUE (object_id, object_sequence)
    )
    """,
    """
    CREATE TABLE webhook_cursors (
        merchant_id BIGINT PRIMARY KEY REFERENCES merchants (id),
        sequence BIGINT NOT NULL
    )
    """,
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
    """
    CREATE TABLE received_webhooks (
        id {id} PRIMARY KEY,
        headers_json {json} NOT NULL,
        body TEXT NOT NULL,
        verified {flag} NOT NULL,
        received_at {at} NOT NULL
    )
    """,
    "CREATE INDEX received_webhooks_newest ON received_webhooks (received_at, id)",
)

JOBS = (
    """
    CREATE TABLE jobs (
        id {id} PRIMARY KEY,
        kind TEXT NOT NULL,
        key TEXT UNIQUE,
        payload_json {json} NOT NULL,
        due_at {at} NOT NULL,
        leased_until {at},
        fence INTEGER NOT NULL,
        tries INTEGER NOT NULL,
        created_at {at} NOT NULL
    )
    """,
    "CREATE INDEX jobs_due ON jobs (due_at)",
    "CREATE INDEX jobs_leased ON jobs (leased_until) WHERE leased_until IS NOT NULL",
)


def upgrade() -> None:
    dialect.run(*MERCHANTS, *CATALOG, *LINKS, *PAYMENTS, *EVENTS, *JOBS)


def downgrade() -> None:
    dialect.drop(
        "jobs",
        "received_webhooks",
        "delivery_attempts",
        "deliveries",
        "webhook_cursors",
        "events",
        "event_counters",
        "notifications",
        "attempts",
        "link_places",
        "payments",
        "link_products",
        "links",
        "products",
        "images",
        "provider_accounts",
        "webhook_secrets",
        "api_keys",
        "merchants",
    )
