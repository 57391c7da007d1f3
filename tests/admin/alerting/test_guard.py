"""Where messages may go: by table, and by what really arrives."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from email import message_from_string, policy

import pytest

from admin.alerting.channels import BadChannel, check, masked
from admin.alerting.guard import read_allowed, refusal
from admin.alerting.sending import SCRIPT, Sender, environment
from tests.admin.alerting.sinks import MailBox, WebHook

PRIVATE = (
    *("127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "169.254.0.1", "100.64.0.1", "192.0.0.8", "198.18.0.1", "224.0.0.1", "255.255.255.255"),
    *("240.0.0.1", "192.0.2.1", "203.0.113.7"),
    *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1", "::127.0.0.1", "::10.1.2.3"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1"),
    "2001:0:7f00:1:0:0:0:0",
)
PUBLIC = ("1.1.1.1", "8.8.8.8", "162.159.128.233", "2606:4700:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8")
NO_NUMBERS = ("localhost", "example.org", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "", "[::1]")


@pytest.mark.parametrize("host", PRIVATE)
def test_what_is_private_is_refused(host: str) -> None:
    assert refusal(host, 80)


@pytest.mark.parametrize("host", PUBLIC)
def test_what_is_public_is_not(host: str) -> None:
    assert refusal(host, 443) is None


@pytest.mark.parametrize("host", NO_NUMBERS)
def test_what_is_no_number_is_refused(host: str) -> None:
    """Whoever connects has looked the name up: what is left is a trick."""
    assert refusal(host, 80)


def test_what_is_named_is_allowed_on_its_port_only() -> None:
    allowed = frozenset({("127.0.0.1", 8025)})
    assert refusal("127.0.0.1", 8025, allowed) is None
    assert refusal("127.0.0.1", 8026, allowed)
    assert refusal("::ffff:127.0.0.1", 8025, allowed)
    assert read_allowed(" ntfy.lan:80, [::1]:25 ") == (("ntfy.lan", 80), ("::1", 25))
    for wrong in ("ntfy.lan", "127.0.0.1:", ":80", "a:0", "a:70000", "a:x"):
        with pytest.raises(ValueError, match="ALERT_PRIVATE_HOSTS"):
            read_allowed(wrong)


TAKEN = {
    "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js": "discord://…",
    "tgram://123456789:abcdefg_hijklmnop/12315544/": "tgram://…",
    "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/": "slack://…",
    "mailtos://user:s3cret@gmail.com?to=somebody@odds.example": "mailtos://…@gmail.com",
    "ntfys://user:s3cret@ntfy.example/s3cret-topic?priority=high": "ntfys://ntfy.example/…",
    "ntfy://s3cret-topic": "ntfy://…",
    "ntfys://s3cret-topic/": "ntfys://…",
    "ntfy://s3cret-topic/s3cret-other?mode=Cloud": "ntfy://…",
    "gotifys://push.example:8443/s3cret-token": "gotifys://push.example:8443/…",
    "jsons://user:s3cret@hook.example/s3cret?+X-Token=s3cret&method=PUT": "jsons://hook.example/…",
}
REFUSED = {
    "file:///etc/passwd": "service",
    "exec://ls": "service",
    "syslog://": "service",
    "xml://hook.example/": "service",
    "http://hook.example/": "service",
    "discord://": "incomplete",
    "json://": "incomplete",
    "json://127.0.0.1/": "private",
    "json://user:pass@169.254.169.254/latest": "private",
    "json://[::1]/": "private",
    "json://[::ffff:10.0.0.1]/": "private",
    "json://localhost:5000/": "private",
    "ntfy://db.internal/topic": "private",
    "jsons://hook.example/?redirect=yes": "option",
    "jsons://hook.example/?retry=9": "option",
    "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?template=/etc/passwd": "option",
    "mailto://user:pass@mail.example?pgpprv=/etc/passwd": "option",
    "ntfys://ntfy.example/topic?attach=file:///etc/passwd": "option",
    "json://hook.example:port/": "unreadable",
    "json://hook.example/\n": "unreadable",
    "json://hook.example/" + "a" * 2000: "unreadable",
}


@pytest.mark.parametrize("url", TAKEN)
def test_an_address_is_shown_without_its_secret(url: str) -> None:
    assert check(url) == url.partition(":")[0]
    assert masked(url) == TAKEN[url]


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_that_is_not_taken_says_why_without_saying_it(url: str) -> None:
    with pytest.raises(BadChannel) as refused:
        check(url)
    assert refused.value.code == REFUSED[url]
    assert "pass" not in str(refused.value)


def test_a_private_host_that_is_named_is_taken() -> None:
    assert check("json://127.0.0.1:8025/hook", "127.0.0.1:8025") == "json"


# -- by what arrives ---------------------------------------------------------------------------------------------------


@pytest.fixture
def hook() -> Iterator[WebHook]:
    with WebHook() as started:
        yield started


def test_a_webhook_and_a_mail_arrive(hook: WebHook) -> None:
    with MailBox() as box:
        sender = Sender(f"{hook.allowed} {box.allowed}")
        try:
            sent = sender.send(hook.url, "Cote ≥ 2,10", "Meilleure cote 2,12\n[1-1-1]")
            mailed = sender.send(f"{box.url}&to=somebody@odds.example", "Cote ≥ 2,10", "Meilleure cote\n[1-1-1]")
        finally:
            sender.close()
    assert sent.ok
    assert sent.took < 5000
    [got] = hook.received
    assert (got["title"], got["message"]) == ("Cote ≥ 2,10", "Meilleure cote 2,12\n[1-1-1]")
    assert mailed.ok, mailed
    [mail] = box.received
    assert "somebody@odds.example" in mail


@pytest.mark.parametrize("gap", [",", ", ", " ", "; "])
def test_an_address_is_one_address(hook: WebHook, gap: str) -> None:
    """What follows in it would be checked by nobody: another service's, which reads files, or another machine's."""
    with WebHook() as other:
        url = f"{hook.url}{gap}{other.url}"
        sender = Sender(f"{hook.allowed} {other.allowed}")
        try:
            sender.send(url, "title", "body")
        finally:
            sender.close()
    assert hook.requests == 1
    assert other.requests == 0


NAMES = '<a href="http://evil.example">PSG</a> @everyone @Here <@123> & <!channel>'


def test_what_was_scraped_is_plain_text_in_a_mail(hook: WebHook) -> None:
    with MailBox() as box:
        sender = Sender(f"{hook.allowed} {box.allowed}")
        try:
            assert sender.send(hook.url, NAMES, NAMES).ok
            url = f"{box.url}&to=somebody@odds.example"
            assert sender.send(url, NAMES, NAMES).ok
            sender.send(url, "Cote\r\nBcc: victim@odds.example", "body")
        finally:
            sender.close()
    [got] = hook.received
    assert not re.search("@(everyone|here|[0-9])", got["title"] + got["message"], re.IGNORECASE)
    mail = message_from_string(box.received[0], policy=policy.default)
    parts = [part for part in mail.walk() if part.get_content_maintype() == "text"]
    assert parts
    for part in parts:
        text = part.get_content()
        assert "PSG" in text
        if part.get_content_subtype() == "html":
            assert "<a " not in text
    for text in box.received:
        assert message_from_string(text, policy=policy.default)["Bcc"] is None


@pytest.mark.parametrize(
    "address",
    [
        "tgram://123456789:abcdefg_hijklmnop/12315544/",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/",
        "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
        "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?format=markdown",
    ],
)
def test_what_was_scraped_calls_nobody_and_links_nowhere(address: str) -> None:
    """The services' own answers are played: what is posted to them is looked at."""
    program = f"""
import json, runpy, sys, requests
def post(self, method, url=None, **more):
    print(json.dumps(more.get("data") or more.get("json")), file=sys.stderr)
    answer = requests.Response()
    answer.status_code, answer._content = 200, b'{{"ok": true}}'
    return answer
requests.Session.request = post
sys.argv = ["sender"]
runpy.run_path({str(SCRIPT)!r}, run_name="__main__")
"""
    order = json.dumps({"url": address, "title": NAMES, "body": NAMES, "allowed": ""}) + "\n"
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=order,
        capture_output=True,
        text=True,
        env=environment(os.environ),
        timeout=60,
        check=True,
    )
    posted = json.loads(json.loads(done.stderr.splitlines()[-1]))
    texts = [posted.get("text") or posted.get("content"), *(each["text"] for each in posted.get("attachments", ()))]
    said = " ".join(filter(None, texts))
    assert "PSG" in said or "PSG" in json.dumps(posted.get("embeds"))
    assert not re.search("@(everyone|here|[0-9])", said, re.IGNORECASE)
    assert "<!channel>" not in said or address.startswith("discord")
    assert "<a href" not in said or address.startswith("discord")
    assert "allow_mentions" not in posted


def test_nothing_arrives_where_nothing_may(hook: WebHook) -> None:
    """By number, by the name of this machine, by every other way to write either, and by mail."""
    port = hook.port
    addresses = (
        *(f"json://127.0.0.1:{port}/", f"json://localhost:{port}/", f"json://2130706433:{port}/"),
        *(f"json://0x7f.1:{port}/", f"json://127.1:{port}/", f"json://[::ffff:127.0.0.1]:{port}/"),
        *(f"json://0:{port}/", f"ntfy://127.0.0.1:{port}/topic", f"gotify://127.0.0.1:{port}/abcdefgh"),
        f"mailto://odds.example:{port}?smtp=127.0.0.1&from=a@odds.example&to=somebody@odds.example",
    )
    sender = Sender()
    try:
        for address in addresses:
            result = sender.send(address, "title", "body")
            assert not result.ok
            assert result.why, address
        assert sender.send(addresses[0], "title", "body").for_good
        assert "this machine itself" in str(sender.send(addresses[0], "title", "body").why)
    finally:
        sender.close()
    assert hook.requests == 0


def test_a_redirect_is_an_answer_and_not_followed(hook: WebHook) -> None:
    with WebHook() as other:
        hook.answer, hook.location = 302, f"http://127.0.0.1:{other.port}/"
        sender = Sender(f"{hook.allowed} {other.allowed}")
        try:
            result = sender.send(hook.url, "title", "body")
            hook.answer = 307
            again = sender.send(hook.url, "title", "body")
        finally:
            sender.close()
        assert (result.why, again.why) == ("answered 302", "answered 307")
        assert (hook.requests, other.requests) == (2, 0)


def test_a_name_that_leads_elsewhere_when_it_is_connected_to_is_caught(hook: WebHook) -> None:
    """The resolver is replaced: public when the address is checked, this machine when it is connected to."""
    program = f"""
import socket, sys
sys.argv = ["sender"]
import runpy
real, asked = socket.getaddrinfo, []
def rebinding(host, *rest, **more):
    if host == "rebind.example":
        asked.append(host)
        return real("127.0.0.1", {hook.port}, type=socket.SOCK_STREAM)
    return real(host, *rest, **more)
socket.getaddrinfo = rebinding
runpy.run_path({str(SCRIPT)!r}, run_name="__main__")
print(len(asked), file=sys.stdout)
"""
    order = '{"url": "json://rebind.example/", "title": "t", "body": "b", "allowed": ""}\n'
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=order,
        capture_output=True,
        text=True,
        env=environment(os.environ),
        timeout=60,
        check=True,
    )
    assert "127.0.0.1 is this machine itself" in done.stdout
    assert done.stdout.splitlines()[-1] == "1"
    assert hook.requests == 0


def test_what_hangs_is_ended(hook: WebHook) -> None:
    hook.wait.clear()
    sender = Sender(hook.allowed, timeout=3)
    try:
        assert sender.send(hook.url, "title", "body").why == "no answer within 3 s"
        hook.wait.set()
        assert sender.send(hook.url, "title", "body").ok
    finally:
        sender.close()


def test_the_process_that_sends_is_told_no_secret_and_no_proxy() -> None:
    told = environment({"PATH": "/bin", "DATABASE_URL": "x", "ALERTS_KEY": "x", "https_proxy": "x", "HOME": "/root"})
    assert told == {"PATH": "/bin", "NETRC": "/dev/null", "NO_PROXY": "*", "HOME": "/dev/null"}
