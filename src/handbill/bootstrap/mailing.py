"""The way out for letters, where the operator has set a mail server."""

from __future__ import annotations

from handbill.infra.mail import Mail, MailServer
from handbill.infra.settings import Settings
from handbill.kernel.clock import Clock


def open_mail(settings: Settings, clock: Clock) -> Mail | None:
    """None: this installation sends no letters."""
    if settings.smtp_url is None or settings.mail_from is None:
        return None
    return Mail(MailServer.of(settings.smtp_url), settings.mail_from, clock)
