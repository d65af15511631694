"""Events and webhook endpoints: promised addresses that say so until they are there."""

from __future__ import annotations

from handbill.web.operations import not_yet

TAG = "Events"

_EVENT = "/api/v1/events/{id}"
_ENDPOINTS = "/api/v1/webhook_endpoints"
_ENDPOINT = _ENDPOINTS + "/{id}"

OPERATIONS = (
    not_yet("listEvents", "GET", "/api/v1/events", TAG, "List events"),
    not_yet("replayEvent", "POST", _EVENT + "/replay", TAG, "Send the webhooks of an event again"),
    not_yet("listDeliveries", "GET", _EVENT + "/deliveries", TAG, "List deliveries of an event"),
    not_yet("createWebhookEndpoint", "POST", _ENDPOINTS, TAG, "Add a webhook endpoint"),
    not_yet("listWebhookEndpoints", "GET", _ENDPOINTS, TAG, "List webhook endpoints"),
    not_yet("getWebhookEndpoint", "GET", _ENDPOINT, TAG, "Read a webhook endpoint"),
    not_yet("changeWebhookEndpoint", "PATCH", _ENDPOINT, TAG, "Change a webhook endpoint"),
    not_yet("deleteWebhookEndpoint", "DELETE", _ENDPOINT, TAG, "Delete a webhook endpoint"),
)
