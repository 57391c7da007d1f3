"""How one likes to read: the language and the colours. A cookie keeps it; until then the browser's own wish holds."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from admin.access import public
from admin.words import LANGUAGES, Phrase

SCHEMES: Mapping[str, Phrase] = {
    "auto": Phrase("Automatique"),
    "light": Phrase("Clair"),
    "dark": Phrase("Sombre"),
}
CHOICES: Mapping[str, tuple[str, ...]] = {"language": LANGUAGES, "scheme": tuple(SCHEMES)}
"""What can be chosen, and what of it; the cookies have the same names."""

YEAR = 365 * 24 * 3600


def language() -> str:
    """The language that the reader chose, or that the browser asks for."""
    chosen = request.cookies.get("language", "")
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def scheme() -> str:
    """``light``, ``dark``, or ``auto``, which follows the system."""
    chosen = request.cookies.get("scheme", "")
    return chosen if chosen in SCHEMES else "auto"


def back() -> str:
    """Where the reader was, on this site; the first page where that is not known."""
    came = urlsplit(request.referrer or "")
    if came.netloc != request.host or not came.path.startswith("/") or came.path.startswith("//"):
        return "/"
    return came.path + (f"?{came.query}" if came.query else "")


def addresses() -> Blueprint:
    """``POST /preferences``: keep a choice, and lead back."""
    blueprint = Blueprint("preferences", __name__)

    @blueprint.post("/preferences")
    @public
    def choose() -> Response:
        answer = redirect(back(), 303)
        for name, choices in CHOICES.items():
            if (chosen := request.form.get(name)) in choices:
                answer.set_cookie(name, chosen, max_age=YEAR, httponly=True, samesite="Lax", secure=request.is_secure)
        return answer

    return blueprint
