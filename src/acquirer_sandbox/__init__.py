"""A fake acquirer that moves no money, so that Handbill runs end to end without a contract.

It is another company in the same wheel: an app of its own with tables `sandbox_*`, reached over
HTTP with its own key like any acquirer. Of Handbill it imports `infra` and `kernel` alone, and
Handbill's core must not know that it is ours.
"""

from acquirer_sandbox.app import create_app
from acquirer_sandbox.timers import handlers

__all__ = ["create_app", "handlers"]
