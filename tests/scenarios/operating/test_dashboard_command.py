"""`handbill dashboard open`: a dashboard is opened beside a running server."""

from __future__ import annotations

from tests.support.process import Server


def test_the_address_opens_a_dashboard_until_its_key_is_revoked(server: Server) -> None:
    url = server.url.replace("127.0.0.1", "localhost")
    made = server.command("dashboard", "open", "1", "--public-url", url, "--json").json
    assert made["url"] == f"{url}/dashboard#{made['key']}"
    listed = server.command("keys", "list", "1", "--json").json
    assert [key["scopes"] for key in listed if key["id"] == made["id"]] == [["links"]]

    with server.client() as browser:
        headers = {"origin": url}
        fields = {"key": made["key"]}
        answer = browser.post("/dashboard/session", data=fields, headers=headers)
        assert answer.status_code == 303
        assert "New link" in browser.get("/dashboard").text
        assert server.command("keys", "revoke", made["id"]).code == 0
        assert "Open the dashboard" in browser.get("/dashboard").text


def test_a_merchant_that_is_not_there_gets_none(server: Server) -> None:
    assert server.command("dashboard", "open", "999").code == 1
