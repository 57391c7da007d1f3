"""The page of hooks: who may, what is shown once, and what became of the messages."""

import re
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient

from admin.alerting.vault import open_vault
from schema.models import AuditLog, WebhookDeliveries, Webhooks
from tests.admin import account, counted, page, signed_in, text_of, token_of
from tests.admin.conftest import current
from tests.admin.crowd import SCRIPT
from tests.admin.webhooks.hooked import hooked
from tests.schema.letters import quote

Fill = Callable[..., None]
FORM = {"name": "mine", "address": "https://example.org/hook", "kind": ["odds.changed", "run.ended"]}


def sent(client: FlaskClient, path: str, form: dict[str, Any] | None = None) -> Any:
    return client.post(f"/webhooks/{path}", data={"csrf_token": token_of(client), **(form or {})})


def test_one_is_made_and_its_secret_shown_once(client: FlaskClient, fill: Fill, monkeypatch: Any) -> None:
    fill(quote())
    operator = signed_in(client.application, "operator")
    with monkeypatch.context() as later:
        later.setattr("admin.access.FRESH_SECONDS", 0)
        assert page(operator, "/webhooks/").xpath("//section//a[contains(@href, '/account/confirm/')]")
        assert sent(operator, "", FORM).status_code == 303
    shown = sent(operator, "", {**FORM, "league": "1", "match": "1"})
    assert shown.status_code == 200
    [secret] = re.findall(r"whsec_[\w-]{40,}", shown.text)
    with current().connection_context():
        row = Webhooks.get()
        assert open_vault(client.application.config["QUEUES"].home).unlock(row.secret) == secret
        assert (row.kinds, row.league_id, row.match_id) == ("odds.changed run.ended", 1, 1)
        assert "webhook" in {note.object_type for note in AuditLog.select()}
    for path in ("/webhooks/", "/webhooks/1/"):
        again = operator.get(path).text
        assert secret not in again
        assert "mine" in again


def test_what_cannot_be_is_said(client: FlaskClient) -> None:
    for changes, said in (
        ({"address": "https://10.0.0.1/"}, "privée"),
        ({"address": "http://example.org/"}, "https"),
        ({"address": "x"}, "ne se lit pas"),
        ({"kind": []}, "au moins une chose"),
        ({"name": " "}, "au moins une chose"),
        ({"match": "77"}, "Ce match n"),
        ({"league": "x"}, "Cette ligue n"),
    ):
        answer = sent(client, "", {**FORM, **changes})
        assert answer.status_code == 422
        assert said in answer.text, changes


def test_a_viewer_sees_none_and_an_operator_one_s_own(client: FlaskClient, as_role: Any, fill: Fill) -> None:
    fill(quote())
    with current().connection_context():
        hooked(current())
    viewer, operator = as_role("viewer"), as_role("operator")
    assert viewer.get("/webhooks/").status_code == 403
    assert viewer.get("/webhooks/1/").status_code == 403
    assert sent(viewer, "1/test").status_code == 403
    assert "webhooks" not in viewer.get("/account/").text
    assert operator.get("/webhooks/1/").status_code == 404
    for path in ("1/test", "1/switch", "1/remove", "1/resend"):
        assert sent(operator, path).status_code == 404
    assert not page(operator, "/webhooks/").css(".rules li")
    assert len(page(client, "/webhooks/").css(".rules li")) == 4
    with current().connection_context():
        Webhooks.update(user=account("operator").id).where(Webhooks.id == 1).execute()
    assert text_of(page(operator, "/webhooks/").css(".rules li h2")[0]) == SCRIPT
    assert operator.get("/webhooks/1/").status_code == 200


def test_messages_are_shown_and_sent_again(client: FlaskClient, fill: Fill) -> None:
    fill(quote())
    with current().connection_context():
        hooked(current())
    rows = page(client, "/webhooks/1/").css("tbody tr")
    assert [text_of(row.xpath("./td")[2]).split()[1] for row in rows] == ["réessai", "réessai", "abandonné", "pris"]
    assert sent(client, "1/resend", {"delivery": "2"}).status_code == 303
    assert sent(client, "1/resend", {"delivery": "3"}).status_code == 404, "it waits"
    assert sent(client, "1/test").status_code == 303
    assert sent(client, "3/test").status_code == 303
    with current().connection_context():
        assert WebhookDeliveries.get_by_id(2).state == "due"
        assert [row.hook_id for row in WebhookDeliveries.select().where(WebhookDeliveries.kind == "test")] == [1]
    assert sent(client, "3/switch", {"on": "1"}).status_code == 303
    assert "Tout redemander" in client.get("/webhooks/3/").text
    assert sent(client, "1/remove", {"typed": "x"}).status_code == 303
    assert client.get("/webhooks/1/").status_code == 200
    assert sent(client, "1/remove", {"typed": SCRIPT}).status_code == 303
    assert client.get("/webhooks/1/").status_code == 404


def test_few_queries_however_many(client: FlaskClient, fill: Fill) -> None:
    fill(quote())
    with current().connection_context():
        hooked(current())
    for path in ("/webhooks/", "/webhooks/1/"):
        with counted(current()) as asked:
            client.get(path)
        assert len(asked) <= 5, asked


def test_long_lists_go_on(client: FlaskClient, fill: Fill, monkeypatch: Any) -> None:
    monkeypatch.setattr("admin.pages.webhooks.SHOWN", 3)
    fill(quote())
    with current().connection_context():
        hooked(current())
    first = page(client, "/webhooks/1/")
    [older] = first.xpath("//a[contains(@href, 'before')]/@href").getall()
    assert len(first.css("tbody tr")) == 3
    assert len(page(client, older).css("tbody tr")) == 1
