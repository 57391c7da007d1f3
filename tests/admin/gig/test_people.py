"""gig-benchmark's sign-in: one test for each row of its contract (4.3), and who may do what."""

import time
from typing import Any

import jwt
import pytest

from admin import accounts, tries
from admin.gig import guard, tokens
from admin.security import BadSetting
from admin.signing import end_sessions
from schema.models import AuditLog, Users
from tests.admin import signed_in
from tests.admin.gig.conftest import PASSWORD, Program, World

REQUIRED = ["This field is required."]
INVALID = {"detail": "Token is invalid or expired", "code": "token_not_valid"}


@pytest.fixture
def here(world: World) -> Program:
    return world.here


def new(username: str, **said: str) -> dict[str, str]:
    return {"username": username, "password": PASSWORD, "password2": PASSWORD, **said}


class TestRegister:
    def test_a_new_account_reads(self, world: World, here: Program) -> None:
        names = {"first_name": "Ada", "last_name": "L."}
        answer = here.post("/auth/register/", new("newcomer", email="ignored@example.org", **names))
        told = answer.get_json()
        assert answer.status_code == 201
        with world.reading():
            person = Users.get(Users.username == "newcomer")
        assert told["user"] == {
            "id": person.id,
            "username": "newcomer",
            **names,
            "role": "user",
            "created_at": f"{person.created_at.isoformat()}Z",
        }
        assert list(told["tokens"]) == ["refresh", "access"]
        assert person.role == "viewer"
        assert Program(world.app, told["tokens"]["access"]).json("/auth/profile/") == told["user"]

    @pytest.mark.parametrize(
        ("said", "wrong"),
        [
            ({}, {"username": REQUIRED, "password": REQUIRED, "password2": REQUIRED}),
            ({"username": "x", "password": PASSWORD}, {"password2": REQUIRED}),
            (new(""), {"username": ["This field may not be blank."]}),
            (new("x", password2="other"), {"password": ["Passwords do not match."]}),
            (new("VIEWER"), {"username": ["A user with that username already exists."]}),
            (
                new("x", password="short", password2="short"),
                {"password": ["This password is too short. It must contain at least 12 characters."]},
            ),
            (
                new("x", password="a" * 201, password2="a" * 201),
                {"password": ["Ensure this field has no more than 200 characters."]},
            ),
            (
                new("x", password="abababababab", password2="abababababab"),
                {"password": ["This password is too common."]},
            ),
            (
                new("somebody", password="it is somebody", password2="it is somebody"),
                {"password": ["The password is too similar to the username."]},
            ),
            (
                new("a b"),
                {
                    "username": [
                        "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."
                    ]
                },
            ),
        ],
        ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
    )
    def test_says_what_is_wrong_with_each_field(self, world: World, here: Program, said: Any, wrong: Any) -> None:
        world.person("viewer")
        answer = here.post("/auth/register/", said)
        assert (answer.status_code, answer.get_json()) == (400, wrong)

    def test_it_may_be_closed(self, world: World) -> None:
        elsewhere = world.as_(None)
        with world.set_to(GIG_REGISTRATION=""):
            assert elsewhere.post("/auth/register/", new("stranger")).status_code == 403
        with world.set_to(GIG_REGISTRATION="off"):
            assert world.here.post("/auth/register/", new("stranger")).status_code == 403
        with world.reading():
            assert not Users.select().where(Users.username == "stranger").exists()

    def test_not_any_number_of_accounts(self, here: Program) -> None:
        made = [here.post("/auth/register/", new(f"one-of-many-{n}")).status_code for n in range(tries.PER_ACCOUNT + 1)]
        assert made == [201] * tries.PER_ACCOUNT + [429]


class TestLogin:
    def test_tokens(self, world: World, here: Program) -> None:
        world.person("viewer")
        answer = here.post("/auth/login/", {"username": "Viewer", "password": PASSWORD})
        told = answer.get_json()
        assert answer.status_code == 200
        assert told["user"]["username"] == "viewer"
        claims = jwt.decode(told["tokens"]["access"], options={"verify_signature": False})
        assert (claims["token_type"], claims["exp"] - claims["iat"]) == ("access", 3600)
        claims = jwt.decode(told["tokens"]["refresh"], options={"verify_signature": False})
        assert (claims["token_type"], claims["exp"] - claims["iat"]) == ("refresh", 7 * 24 * 3600)
        assert jwt.get_unverified_header(told["tokens"]["access"])["alg"] == "HS256"
        with world.reading():
            assert AuditLog.select().order_by(AuditLog.id.desc()).get().action == "sign-in"

    def test_admins_are_admins(self, world: World) -> None:
        assert world.as_("admin").json("/auth/profile/")["role"] == "admin"
        assert world.as_("operator").json("/auth/profile/")["role"] == "user"

    @pytest.mark.parametrize(
        ("said", "status", "told"),
        [
            ({"username": "viewer", "password": "wrong"}, 401, {"error": "Identifiants incorrects."}),
            ({"username": "nobody", "password": PASSWORD}, 401, {"error": "Identifiants incorrects."}),
            ({"username": "viewer"}, 400, {"password": REQUIRED}),
            ({}, 400, {"username": REQUIRED, "password": REQUIRED}),
            ({"username": 1, "password": "x"}, 400, {"username": ["Not a valid string."]}),
        ],
        ids=str,
    )
    def test_refused(self, world: World, here: Program, said: Any, status: int, told: Any) -> None:
        world.person("viewer")
        answer = here.post("/auth/login/", said)
        assert (answer.status_code, answer.get_json()) == (status, told)

    def test_not_any_number_of_tries(self, world: World, here: Program) -> None:
        world.person("viewer")
        wrong = {"username": "viewer", "password": "wrong"}
        for _ in range(tries.PER_ACCOUNT):
            here.post("/auth/login/", wrong)
        answer = here.post("/auth/login/", {**wrong, "password": PASSWORD})
        assert answer.status_code == 429
        assert answer.get_json()["detail"].startswith("Request was throttled. Expected available in ")
        assert int(answer.headers["Retry-After"]) > 0


class TestTokens:
    def test_a_refresh_gives_access(self, world: World, here: Program) -> None:
        world.person("viewer")
        held = here.post("/auth/login/", {"username": "viewer", "password": PASSWORD}).get_json()["tokens"]
        answer = here.post("/auth/token/refresh/", {"refresh": held["refresh"]})
        assert (answer.status_code, list(answer.get_json())) == (200, ["access"])
        assert Program(world.app, answer.get_json()["access"]).json("/auth/profile/")["username"] == "viewer"
        assert here.post("/auth/verify/", {"token": held["access"]}).status_code == 200
        assert here.post("/auth/verify/", {"token": "x"}).status_code == 401

    def test_what_is_no_good(self, world: World, here: Program) -> None:
        person = world.person("viewer")
        with world.app.app_context(), world.reading(), pytest.MonkeyPatch.context() as patch:
            access = tokens.make(person, tokens.ACCESS)
            patch.setattr(tokens, "GOOD_FOR", {kind: -each for kind, each in tokens.GOOD_FOR.items()})
            old = tokens.make(person, tokens.REFRESH)
        forged = jwt.encode({**_claims(access), "token_type": "refresh"}, "another key" * 3, "HS256")
        unsigned = jwt.encode({**_claims(access), "token_type": "refresh"}, None, "none")
        for token in (access, old, forged, unsigned, "x", "x.y.z"):
            answer = here.post("/auth/token/refresh/", {"refresh": token})
            assert (answer.status_code, answer.get_json()) == (401, INVALID)
        answer = here.post("/auth/token/refresh/", {})
        assert (answer.status_code, answer.get_json()) == (400, {"refresh": REQUIRED})

    def test_what_ends_the_sessions_ends_the_tokens(self, world: World, here: Program) -> None:
        person = world.person("viewer", "leaver")
        held = here.post("/auth/login/", {"username": "leaver", "password": PASSWORD}).get_json()["tokens"]
        mine = Program(world.app, held["access"])
        assert mine.get("/auth/profile/").status_code == 200
        with world.app.app_context(), world.reading():
            end_sessions(person.id)
        assert mine.get("/auth/profile/").status_code == 401
        assert here.post("/auth/token/refresh/", {"refresh": held["refresh"]}).get_json() == INVALID

    def test_a_deactivated_account_is_out(self, world: World, here: Program) -> None:
        person = world.person("viewer", "sleeper")
        held = here.post("/auth/login/", {"username": "sleeper", "password": PASSWORD}).get_json()["tokens"]
        with world.app.app_context(), world.reading():
            accounts.set_active(person, active=False)
        assert Program(world.app, held["access"]).get("/auth/profile/").status_code == 401

    def test_the_profile_works(self, world: World) -> None:
        """gig-benchmark's was 403, whoever asked."""
        assert world.as_("viewer").json("/auth/profile/")["username"] == "viewer"
        answer = world.here.get("/auth/profile/")
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        bad = Program(world.app, "no.good.token").get("/auth/profile/")
        assert (bad.status_code, bad.get_json()["code"]) == (401, "token_not_valid")


def test_the_slash_is_required(here: Program) -> None:
    for path in ("/auth/register", "/auth/login", "/auth/token/refresh"):
        assert here.post(path, {}).status_code == 404
        assert here.get(f"{path}/").status_code == 405
    assert here.get("/auth/profile").status_code == 404


READS = ("/api/odds", "/api/leagues", "/api/scraping/status", "/frontend-api/odds/load", "/odds/export-csv")
CHANGES = (
    *("/api/scraping/trigger", "/api/scraping/rugby/all", "/api/scraping/reset", "/api/scraping/auto/toggle"),
    *("/api/scraping/progress", "/odds/scraping/trigger"),
)
OPEN = ("/api/scraping/health", "/test", "/health", "/auth/status")


class TestWhoMay:
    """``(reads, changes)`` as it is answered; 400 is let in, and told that something is missing."""

    def seen(self, program: Program) -> tuple[set[int], set[int]]:
        reads = {program.get(path).status_code for path in READS}
        assert {program.get(path).status_code for path in OPEN} == {200}
        return reads, {program.post(path, {}).status_code for path in CHANGES}

    LET_IN = ({200}, {200, 400})

    @pytest.mark.parametrize(
        ("setting", "here", "elsewhere"),
        [
            ("on", LET_IN, ({200}, {401})),
            ("", ({200}, {401}), ({401}, {401})),
            ("off", ({401}, {401}), ({401}, {401})),
        ],
    )
    def test_nobody_in_particular(self, world: World, setting: str, here: Any, elsewhere: Any) -> None:
        with world.set_to(GIG_ANONYMOUS=setting):
            assert self.seen(world.here) == here
            assert self.seen(world.as_(None)) == elsewhere
            assert self.seen(Program(world.app, host="localhost", peer="203.0.113.9")) == elsewhere
            assert self.seen(Program(world.app, host="odds.example.org")) == elsewhere

    def test_a_setting_that_is_none_is_said(self, monkeypatch: Any) -> None:
        monkeypatch.setenv("GIG_REGISTRATION", "perhaps")
        with pytest.raises(BadSetting, match="GIG_REGISTRATION: 'perhaps' is neither on nor off"):
            guard.settings()

    @pytest.mark.parametrize(
        ("served", "unset"), [({}, ""), ({"ADMIN_HOSTS": "odds.example.org"}, "off"), ({"ADMIN_PROXIES": "1"}, "off")]
    )
    def test_who_serves_others_opens_nothing_unsaid(self, monkeypatch: Any, served: dict[str, str], unset: str) -> None:
        """A proxy on this machine that passes on nothing of who asks makes everybody this machine."""
        for name in ("ADMIN_HOSTS", "ADMIN_PROXIES", *guard.SETTINGS):
            monkeypatch.setenv(name, served.get(name, ""))
        assert guard.settings() == dict.fromkeys(guard.SETTINGS, unset)
        monkeypatch.setenv("GIG_ANONYMOUS", "on")
        assert guard.settings()["GIG_ANONYMOUS"] == "on"

    def test_accounts_and_keys(self, world: World) -> None:
        with world.set_to(GIG_ANONYMOUS="off"):
            assert self.seen(world.as_("viewer")) == ({200}, {403})
            assert self.seen(world.as_("operator")) == self.LET_IN
            assert self.seen(world.with_key("read", "export")) == ({200}, {403})
            assert self.seen(world.with_key("read", "export", "jobs")) == self.LET_IN
            assert world.with_key("ingest").post("/api/scraping/progress", {}).status_code == 200
            assert world.with_key("ingest").post("/api/scraping/trigger", {}).status_code == 403
            assert world.with_key("ingest").get("/api/odds").status_code == 403
            assert Program(world.app, "gig_of-nobody").get("/api/odds").status_code == 401

    def test_a_browser_that_is_signed_in(self, world: World) -> None:
        browser = signed_in(world.app, "operator", "in-a-browser")
        trigger = {"sport": "football", "league": "Ligue 1"}
        with world.set_to(GIG_ANONYMOUS="off"):
            assert browser.get("/api/odds").status_code == 200
            assert browser.post("/odds/scraping/trigger", data=trigger).status_code == 200
            for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}):
                answer = browser.post("/odds/scraping/trigger", data=trigger, headers=headers)
                assert answer.status_code == 403, "a page elsewhere had the browser send it"
            own = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
            assert browser.post("/odds/scraping/trigger", data=trigger, headers=own).status_code == 200

    def test_a_page_elsewhere_changes_nothing_on_this_machine(self, world: World) -> None:
        with world.set_to(GIG_ANONYMOUS="on"):
            answer = world.here.open(
                "POST", "/api/scraping/football/all", headers={"Origin": "https://elsewhere.example"}
            )
        assert answer.status_code == 403
        assert world.tasks() == []

    def test_a_name_that_is_not_ours_is_not_answered(self, world: World) -> None:
        assert Program(world.app, host="rebound.example").get("/api/odds").status_code == 400

    def test_others_only_over_tls(self, world: World) -> None:
        answer = world.app.test_client().get("/api/odds", base_url="http://odds.example.org")
        assert answer.status_code == 308


def _claims(token: str) -> dict[str, Any]:
    return {**jwt.decode(token, options={"verify_signature": False}), "exp": int(time.time()) + 3600}


@pytest.mark.parametrize("path", ["/auth/register/", "/auth/login/"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "https://elsewhere.example", "Authorization": "Basic eDp5"},
    ],
)
def test_a_page_elsewhere_neither_registers_nor_signs_in(world: World, path: str, headers: dict[str, str]) -> None:
    told = {"username": "elsewhere", "password": PASSWORD, "password2": PASSWORD}
    assert world.here.open("POST", path, json=told, headers=headers).status_code == 403
    with world.reading():
        assert Users.get_or_none(Users.username == "elsewhere") is None
