"""Dead letters as a work list: which wait, for what reason, and putting them back into the queue.

That is the one thing the pages do: a POST with a token. It changes no letter and deletes none, and it is what
``scrapy dead replay`` does, by the same function.
"""

import logging
import re
from typing import Any

from flask import current_app, flash, get_flashed_messages, redirect, request
from flask_admin import Admin
from markupsafe import Markup
from werkzeug import Response

from admin import audit
from admin.access import Role, may, who
from admin.labels import waiting_label
from admin.views import choices
from admin.views.base import TableView, address
from admin.views.filters import ChoiceOfText, Contains, From, Until
from admin.views.joins import Joins
from admin.words import Phrase, say
from gigscrapy.broker import BrokerError, Queues
from gigscrapy.deadletters import WAITING, Chosen, Replayed, is_waiting, replay, tallies

logger = logging.getLogger(__name__)

_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_box = Markup('<input type="checkbox" form="replay" name="id" value="{}" aria-label="{}">')


class Waits(ChoiceOfText):
    """Whether a letter waits, or was replayed and has not come back."""

    def condition(self, joins: Joins, value: Any) -> Any:
        return WAITING if value == "waiting" else ~WAITING


class DeadLettersView(TableView):
    about = Phrase(
        "Les messages qui n'ont pas pu être gardés, et pourquoi. La cause réparée, on les rejoue : ils repartent dans "
        "la file d'où ils sont venus, tels quels."
    )
    list_template = "deadletters.html"
    details_template = "deadletter.html"
    column_list = (
        *("reason", "queue", "detail", "size", "times", "waiting", "chosen"),
        *("replays", "first_seen", "last_seen", "replayed_at", "run_id"),
    )
    column_details_list = (
        *("id", "reason", "detail", "waiting", "size", "times", "first_seen", "last_seen", "replays", "replayed_at"),
        *("run_id", "queue", "body"),
    )
    column_sortable_list = ("reason", "size", "times", "first_seen", "last_seen")
    column_searchable_list = ("reason", "detail", "run_id")
    column_default_sort = ("last_seen", True)
    column_filters = (
        ChoiceOfText("queue", Phrase("File"), "queue", choices.queues),
        Contains("reason", Phrase("Motif"), "reason"),
        Waits("state", Phrase("État"), "replayed_at", choices.letter_states),
        From("from", Phrase("Reçu à partir du"), "last_seen"),
        Until("until", Phrase("Reçu jusqu'au"), "last_seen"),
    )
    computed = {  # noqa: RUF012 - what Flask-Admin reads is never written
        "waiting": lambda letter: waiting_label(is_waiting=is_waiting(letter)),
        "chosen": lambda letter: box(letter) if may(Role.OPERATOR) else "",
    }

    def create_blueprint(self, admin: Admin) -> Any:
        blueprint = super().create_blueprint(admin)
        blueprint.add_url_rule("/replay/", "replay_view", self.replay_view, methods=("POST",))
        return blueprint

    def above(self) -> dict[str, Any]:
        """How many wait for each reason, and what the last replay did."""
        found = tallies(self.database)
        return {"tallies": found, "told": get_flashed_messages()}

    @address("/replay/", methods=("POST",))
    def replay_view(self) -> Response:
        """Put back what is chosen, and show the list."""
        flash(replayed(self.database, asked_for(request.form)))
        return redirect(self.get_url(".index_view"), 303)


def replayed(database: Any, chosen: Chosen | None) -> str:
    """Put back what is chosen. :returns: what became of it, in a sentence."""
    if chosen is None:
        return say("Aucun message n'était choisi : rien n'est rejoué.")
    try:
        return outcome(put_back(database, current_app.config["QUEUES"], chosen))
    except (OSError, BrokerError):
        return say("La file ne répond pas. Rien n'est perdu : recommencez plus tard ; le journal en dit plus.")


def put_back(database: Any, queues: Queues, chosen: Chosen) -> Replayed:
    """Put back what is chosen, and note who had it done.

    :raises OSError, gigscrapy.broker.BrokerError: when the queue does not take it, which the log says.
    """
    logger.info("a replay of %s is asked for by %s", chosen, who())
    try:
        done = replay(database, queues, chosen)
    except (OSError, BrokerError) as error:
        logger.error("the replay was broken off: %s", error)  # noqa: TRY400 - the sentence says all
        raise
    asked = {"reason": chosen.reason, "ids": sorted(chosen.ids) if chosen.ids else None}
    audit.note("replay", "dead letters", None, asked, {"letters": done.letters})
    logger.info("the replay put back %d letters", done.letters)
    return done


def box(letter: Any) -> Markup:
    """The box to tick beside it."""
    return _box.format(letter.id, say("Rejouer le message n° {number}", number=letter.id))


def asked_for(form: Any) -> Chosen | None:
    """The letters that a form (a Werkzeug ``MultiDict``) means; ``None``: none. The button that was pressed decides."""
    if "all" in form:
        return Chosen()
    if reason := form.get("reason"):
        return Chosen(reason=reason)
    numbers = frozenset(int(number) for number in form.getlist("id") if _NUMBER.fullmatch(number))
    return Chosen(ids=numbers) if numbers else None


def outcome(done: Replayed) -> str:
    """What a replay did, in a sentence for people."""
    sentence = say(
        "Messages remis dans la file : {count} (scrapy consume les enregistre, scrapy worker exécute les demandes).",
        count=done.letters,
    )
    if done.cut:
        sentence += f" {say('Incomplets, et sans copie dans la file : {numbers}.', numbers=_listed(done.cut))}"
    if done.unknown:
        sentence += f" {say('Aucun message ne porte ces numéros : {numbers}.', numbers=_listed(done.unknown))}"
    return sentence


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))
