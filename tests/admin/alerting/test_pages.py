"""The pages of alerts: what is followed, rules with their preview, events, channels; who may do what; what is noted."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from parsel import Selector

from admin import create_app
from admin.alerting.engine import Engine
from admin.alerting.messages import Composer
from admin.alerting.vault import Vault
from schema import alerts
from schema.database import connect, hang_up
from schema.instants import PARIS, naive
from schema.models import AlertEvents, AlertRules, AuditLog, Bookmakers, Channels, Deliveries, Follows, Matches, now
from tests.admin import counted, page, signed_in, text_of, token_of
from tests.admin.alerting.world import RULES, START, add_channel, add_rule, history, put
from tests.admin.conftest import current
from tests.admin.crowd import SCRIPT
from tests.schema.laid import lay
from tests.schema.letters import NOON, prices, quote

TABS = ("rules", "active", "history", "channels", "watch")
MOVE = "/alerts/new?kind=move&threshold=5&minutes=60&at_least=1&market=1X2&preview=1"


@pytest.fixture(scope="module", params=["sqlite", pytest.param("mariadb", marks=pytest.mark.server)])
def rung(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """Two hours of history that end now, and what its rules told; only to be read."""
    home, url = tmp_path_factory.mktemp("rung"), None
    if request.param == "mariadb":
        server = request.getfixturevalue("mariadb")
        url = server.url(server.new_database())
        database = connect(url, home)
        lay(database)
        hang_up(database)
    app = create_app(url, home)
    database = current()
    began = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=120)
    channels = [add_channel(database, name) for name in ("#cotes", "Telegram")]
    for name in ("price", "drop", "trj", "late", "missing"):
        add_rule(database, RULES[name], *channels)
    engine, coming = Engine(database, Composer("http://a")), list(history(2, 120))
    for minute in range(0, 121, 5):
        at = START + timedelta(minutes=minute)
        while coming and coming[0][0] <= at:
            told = coming.pop(0)[1]
            shift = began - NOON
            put(
                database,
                *(
                    replace(each, scraped_at=each.scraped_at + shift, kickoff=each.kickoff + shift)  # type: ignore[union-attr, operator]
                    for each in told
                ),
                received_at=datetime.now(UTC),
            )
        engine.step(naive(began) + timedelta(minutes=minute))
    alerts.follow(database, "admin", alerts.LEAGUE, 1)
    alerts.follow(database, "admin", alerts.BOOKMAKER, 1)
    yield signed_in(app)
    hang_up(current())


def send(client: FlaskClient, address: str, status: int = 303, /, **form: object) -> Selector:
    answer = client.post(address, data={"csrf_token": token_of(client), **form})
    assert answer.status_code == status, answer.text
    return Selector(answer.text)


def main_of(shown: Selector) -> str:
    return text_of(shown.xpath("//main")[0]).replace("\N{NO-BREAK SPACE}", " ")


# -- what is read ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tab", TABS)
def test_a_page_takes_five_queries(rung: FlaskClient, tab: str) -> None:
    with counted(current()) as asked:
        page(rung, f"/alerts/?tab={tab}")
    assert len([sql for sql in asked if "LOCK" not in sql]) <= 5, asked


def test_what_rings_is_shown_with_its_reason_its_age_and_what_was_sent(rung: FlaskClient) -> None:
    assert AlertEvents.select().where(AlertEvents.open_key.is_null(False)).count()
    shown = page(rung, "/alerts/?tab=active")
    said = main_of(shown)
    for part in (
        "en cours",
        "Meilleure cote",
        "(seuil 2,60)",
        "Âge du prix alors : ",
        "Telegram : à envoyer",
        "il y a",
    ):
        assert part in said
    assert int(shown.css(".alerts-tabs .number::text").get("0")) == alerts.active_count(current())
    assert rung.get("/alerts/count").json == {"active": alerts.active_count(current())}
    [address, *_] = shown.css(".event h2 a::attr(href)").getall()
    page(rung, address)
    assert "terminée" in main_of(page(rung, "/alerts/?tab=history"))


def test_the_preview_says_how_often_and_why(rung: FlaskClient) -> None:
    with counted(current()) as asked:
        shown = page(rung, MOVE)
    assert len(asked) <= 10
    count = shown.css(".rings-count strong::text").get("")
    rows = shown.css("#preview tbody tr")
    assert count.startswith("Aurait sonné")
    assert len(rows) == min(20, int(count.split()[2]))
    assert "▼" in text_of(rows[0])
    assert shown.css("#preview form input[name=threshold]::attr(value)").get() == "5"
    assert not page(rung, MOVE.replace("&preview=1", "")).css("#preview form")


def test_the_watch_list_has_the_coming_matches_and_their_best_prices(rung: FlaskClient) -> None:
    shown = page(rung, "/alerts/?tab=watch")
    names = [text_of(row.css("a")[0]) for row in shown.css("main tbody tr")]
    assert names == ["Le Havre – Paris SG", "Lyon – Lille", "Nantes – Nice"]
    assert shown.css(".best li")
    assert "Ligue 1" in text_of(shown.css(".followed")[0])


@pytest.mark.parametrize("tab", TABS)
def test_an_empty_tab_says_what_to_do(client: FlaskClient, tab: str) -> None:
    said = main_of(page(client, f"/alerts/?tab={tab}"))
    assert any(word in said for word in ("encore.", "Rien ne sonne."))
    assert "Le service d'alertes ne tourne pas" in said


def test_english_is_english(rung: FlaskClient) -> None:
    answer = rung.get("/alerts/?tab=active", headers={"Accept-Language": "en"})
    assert "Best price" in answer.text
    assert "Meilleure cote" not in answer.text


def test_nonsense_in_an_address_is_a_page(client: FlaskClient) -> None:
    for address in (
        *("/alerts/?tab=nothing", "/alerts/?tab=history&before=x", "/alerts/?tab=history&before=99999999999999"),
        *("/alerts/new?kind=nothing&preview=1", "/alerts/new?rule=999", "/alerts/new?match=7&preview=1"),
        "/alerts/new?kind=price&threshold=NaN&margin=1e9&minutes=-1&league=x&market=zz&quiet_from=25:99&preview=1",
        "/alerts/new?kind=price&threshold=%27%3B--&outcome=%3Cscript%3E&preview=1",
    ):
        page(client, address)


# -- what is done ------------------------------------------------------------------------------------------------------


def test_a_rule_is_kept_changed_muted_stopped_and_removed_and_all_of_it_is_noted(client: FlaskClient) -> None:
    channel = add_channel(current())
    send(client, "/alerts/rules", kind="move", threshold="7,5", direction="drop", minutes="60", at_least="2",
         quiet_from="22:00", quiet_until="07:30", channel=channel)  # fmt: skip
    row = AlertRules.get()
    assert (row.kind, float(row.threshold), row.minutes, row.quiet_from, row.quiet_until) == (
        *("move", 7.5, 60, 22 * 60),
        7 * 60 + 30,
    )
    assert (row.created_by, row.enabled, row.at_least) == ("admin", True, 2)
    assert list(alerts.channels_of(current())) == [row.id]
    said = main_of(page(client, "/alerts/"))
    assert "Baisse ≥ 7,5 % en 60 min, ≥ 2 bookmakers" in said
    assert "heures calmes 22:00 à 07:30" in said
    form = page(client, f"/alerts/new?rule={row.id}")
    assert form.css("#f-threshold::attr(value)").get() == "7,5"
    assert form.css("#f-quiet_from::attr(value)").get() == "22:00"
    assert form.css("input[name=channel][checked]")
    send(client, "/alerts/rules", rule=row.id, kind="move", threshold="9", direction="rise", minutes="30")
    send(client, f"/alerts/rules/{row.id}/mute", hours="1")
    muted = AlertRules.get()
    assert (float(muted.threshold), muted.direction) == (9.0, "rise")
    assert timedelta(minutes=59) < muted.muted_until - now() <= timedelta(hours=1)
    assert "muette jusqu'à" in main_of(page(client, "/alerts/"))
    send(client, f"/alerts/rules/{row.id}/mute")
    send(client, f"/alerts/rules/{row.id}/switch", on="0")
    assert (AlertRules.get().muted_until, AlertRules.get().enabled) == (None, False)
    send(client, f"/alerts/rules/{row.id}/remove")
    assert AlertRules.select().count() == 1
    send(client, f"/alerts/rules/{row.id}/remove", sure="1")
    assert AlertRules.select().count() == 0
    assert [(note.actor, note.action) for note in AuditLog.select().order_by(AuditLog.id)] == [
        ("admin", action) for action in ("add", "change", "mute", "mute", "change", "remove")
    ]


def test_a_mute_until_is_in_the_time_of_paris_and_not_for_ever(client: FlaskClient) -> None:
    row = add_rule(current(), RULES["price"])
    soon = (datetime.now(UTC) + timedelta(hours=5)).astimezone(PARIS)
    send(client, f"/alerts/rules/{row.id}/mute", until=f"{soon:%Y-%m-%dT%H:%M}")
    assert abs(AlertRules.get().muted_until - now() - timedelta(hours=5)) < timedelta(minutes=2)
    for nonsense in ("tomorrow", "2020-01-01T00:00", "2999-01-01T00:00", "0001-01-01T00:00"):
        send(client, f"/alerts/rules/{row.id}/mute", 400, until=nonsense)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"kind": "price", "threshold": "0,5"}, "threshold"),
        ({"kind": "move", "minutes": "100000"}, "minutes"),
        ({"kind": "price", "direction": "sideways"}, "direction"),
        ({"kind": "price", "margin": "9"}, "margin"),
        ({"kind": "price", "market": "XX"}, "market"),
        ({"kind": "price", "market": "12", "outcome": "X"}, "outcome"),
        ({"kind": "surebet", "bookmaker": "1"}, "bookmaker"),
        ({"kind": "price", "quiet_from": "22:00"}, "quiet"),
        ({"kind": "price", "quiet_from": "25:00", "quiet_until": "7:00"}, "quiet"),
        ({"kind": "price", "cooldown": "x"}, "cooldown"),
    ],
)
def test_what_makes_no_sense_is_not_kept_and_says_where(client: FlaskClient, form: dict[str, str], field: str) -> None:
    shown = send(client, "/alerts/rules", 422, **form)
    assert shown.css(f"#wrong-{field}, #wrong-scope").get() or field == "bookmaker"
    assert AlertRules.select().count() == 0


def test_a_channel_is_a_secret(client: FlaskClient, app: object, tmp_path: Path) -> None:
    url = "jsons://user:s3cret@hook.example/s3cret-path?+X-Token=s3cret"
    send(client, "/alerts/channels", name="hook", address=url, language="en")
    row = Channels.get()
    assert b"s3cret" not in bytes(row.secret)
    assert Vault(None, tmp_path / "var").unlock(row.secret) == url
    send(client, f"/alerts/channels/{row.id}/test")
    [delivery] = Deliveries.select()
    assert (delivery.kind, delivery.state, delivery.title) == ("test", "due", "Test from gigscrapy")
    shown = client.get("/alerts/?tab=channels").text
    assert "jsons://hook.example/…" in shown
    assert "un message attend" in shown
    notes = " ".join(str(note.after) for note in AuditLog.select())
    for place in (shown, notes, client.get("/alerts/new").text):
        assert "s3cret" not in place
    send(client, f"/alerts/channels/{row.id}/switch", on="0")
    assert not Channels.get().enabled
    send(client, f"/alerts/channels/{row.id}/remove", typed="another")
    assert Channels.select().count() == 1
    send(client, f"/alerts/channels/{row.id}/remove", typed="hook")
    assert Channels.select().count() == 0


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("json://169.254.169.254/latest", "privée"),
        ("file:///etc/passwd", "service"),
        ("discord://", "manque"),
        ("jsons://hook.example/?redirect=yes", "option"),
    ],
)
def test_an_address_that_is_not_taken_says_why(client: FlaskClient, address: str, said: str) -> None:
    send(client, "/alerts/channels", name="hook", address=address, language="fr")
    assert said in main_of(page(client, "/alerts/?tab=channels"))
    assert Channels.select().count() == 0


def test_following_is_ones_own(
    client: FlaskClient, as_role: Callable[[str], FlaskClient], fill: Callable[..., None]
) -> None:
    fill(quote(home=SCRIPT, prices=prices("2", "3", "4")))
    match = Matches.get()
    viewer = as_role("viewer")
    for kind, number in (("match", match.id), ("team", match.home_team_id), ("bookmaker", Bookmakers.get().id)):
        send(viewer, "/alerts/follow", kind=kind, id=number)
        send(viewer, "/alerts/follow", kind=kind, id=number)
    assert [row.person for row in Follows.select()] == ["viewer"] * 3
    shown = viewer.get("/alerts/?tab=watch").text
    assert SCRIPT not in shown
    assert 'aria-pressed="true"' in shown
    assert "Vous ne suivez rien" in client.get("/alerts/?tab=watch").text
    send(viewer, "/alerts/unfollow", kind="match", id=match.id)
    assert Follows.select().count() == 2
    send(viewer, "/alerts/follow", 404, kind="match", id=999)
    send(viewer, "/alerts/follow", 400, kind="planet", id=1)


def test_a_viewer_reads_and_an_operator_has_no_channels(as_role: Callable[[str], FlaskClient]) -> None:
    add_rule(current(), RULES["price"], add_channel(current()))
    viewer, operator = as_role("viewer"), as_role("operator")
    for tab in ("rules", "channels"):
        assert not page(viewer, f"/alerts/?tab={tab}").css("main form")
    page(viewer, "/alerts/new", 403)
    send(viewer, "/alerts/rules", 403, kind="price")
    send(operator, "/alerts/channels", 403, name="x", address="json://hook.example", language="fr")
    send(operator, "/alerts/channels/1/test", 403)
    assert page(operator, "/alerts/").css("main form")
    assert Channels.select().count() == 1
