"""Every table. The names of tables and columns that gig-benchmark has are gig-benchmark's: old queries keep working.

Times are naive UTC. Surrogate ids are the database's own business: what makes a row *this* row is its unique key.

No foreign key is enforced on the tables that take a row for each price (Odds, LatestOdds, Messages), nor on those that
are counted from them: each new row would
lock five others, among them that of its run, which every batch updates last; two writers would wait for each other. The
only writer, :mod:`schema.store`, finds or makes those rows in the same transaction, and nobody deletes them. The small
tables do have theirs.
"""

# ruff: noqa: D106 - what a Meta is, Peewee says

from datetime import UTC, datetime
from typing import Any

from peewee import (
    SQL,
    AutoField,
    BigAutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    Check,
    CompositeKey,
    Database,
    DatabaseProxy,
    DateField,
    DateTimeField,
    DecimalField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)

from schema.names import NAME_LENGTH

MATCH_KEY_LENGTH = 350
BODY_LENGTH = 65_535
"""Bytes of a dead letter that are kept: what a BLOB holds."""

REPORTED_COUNTS = (
    "listed",
    "discovered",
    "fetched",
    "parsed",
    "yielded",
    "published",
    "pages",
    "retries",
    "errors",
    "trj_differs",
    "unknown_bookmakers",
    "bookmakers",
    "suspects",
)
"""Columns of Runs that a crawl counts, by the names its reports give them."""
STORED_COUNTS = ("stored", "prices", "refused", "duplicates")
"""Columns of Runs that the store counts."""

_current = DatabaseProxy()


def use(database: Database) -> None:
    """From now on the tables of this process are those of ``database``."""
    _current.initialize(database)


def now() -> datetime:
    """This instant, as the tables have it: naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


class Key(CharField):
    """Text that is compared byte by byte, on any database."""

    field_type = "KEY"

    def ddl_datatype(self, ctx: Any) -> SQL:
        return SQL(ctx.state.field_types.get(self.field_type, "VARCHAR({})").format(self.max_length))


class LongText(TextField):
    """Text of any length: on a server a plain one ends at 64 kB."""

    def ddl_datatype(self, ctx: Any) -> SQL:
        return SQL(ctx.state.field_types.get("LONG", "TEXT"))


class Table(Model):
    class Meta:
        database = _current
        table_function = lambda model: model.__name__  # noqa: E731 - as Peewee wants it


# -- what everyone agrees on -------------------------------------------------------------------------------------------


class Sports(Table):
    """``code`` FOOT, ``name`` Football."""

    id = AutoField()
    code = Key(max_length=20, unique=True)
    name = CharField(max_length=NAME_LENGTH)
    created_at = DateTimeField(default=now)
    updated_at = DateTimeField(default=now)


class MarketNames(Table):
    """A market of one sport: ``code`` 1X2, ``name`` Résultat du match."""

    id = AutoField()
    sport = ForeignKeyField(Sports, index=False)
    code = Key(max_length=20)
    name = CharField(max_length=NAME_LENGTH)
    created_at = DateTimeField(default=now)

    class Meta:
        indexes = ((("sport", "code"), True),)


class Bookmakers(Table):
    """``site_id``: its number on the site. ``reviewed``: somebody knows it; a new name on a page makes a row too."""

    id = AutoField()
    code = Key(max_length=NAME_LENGTH, unique=True)
    name = CharField(max_length=NAME_LENGTH)
    website = CharField(max_length=200, null=True)
    site_id = IntegerField(null=True, unique=True)
    reviewed = BooleanField(default=False)
    created_at = DateTimeField(default=now)
    updated_at = DateTimeField(default=now)


# -- who plays ---------------------------------------------------------------------------------------------------------


class Leagues(Table):
    """``name_key``: what all spellings of its name share. Of two spellings the later in byte order is shown."""

    id = AutoField()
    sport = ForeignKeyField(Sports, index=False)
    code = Key(max_length=NAME_LENGTH)
    name = CharField(max_length=NAME_LENGTH)
    name_key = Key(max_length=NAME_LENGTH)
    country = CharField(max_length=NAME_LENGTH, null=True)
    created_at = DateTimeField(default=now)
    updated_at = DateTimeField(default=now)

    class Meta:
        indexes = ((("sport", "name_key"), True),)


class Teams(Table):
    """A team, or a player, in one league."""

    id = AutoField()
    league = ForeignKeyField(Leagues, index=False)
    name = CharField(max_length=NAME_LENGTH)
    name_key = Key(max_length=NAME_LENGTH)
    created_at = DateTimeField(default=now)
    updated_at = DateTimeField(default=now)

    class Meta:
        indexes = ((("league", "name_key"), True),)


class Matches(Table):
    """One meeting. Of what several observations say of it, the newest holds.

    ``match_date``: kick-off, null where nobody said; ``match_date_seen_at``: when it was last said. ``seen_at``: the
    newest observation. ``url``: the match's own page. ``match_key``: ``coteur:1548776``, or where the source has no ids
    ``football|ligue 1|psg|om|2025-11-10`` (the day is that of Paris, empty where unknown).
    """

    id = AutoField()
    league = ForeignKeyField(Leagues, index=False)
    home_team = ForeignKeyField(Teams, backref="home_matches")
    away_team = ForeignKeyField(Teams, backref="away_matches")
    match_date = DateTimeField(null=True, index=True)
    match_date_seen_at = DateTimeField(null=True)
    status = CharField(
        max_length=20,
        default="scheduled",
        choices=[(status, status) for status in ("scheduled", "live", "finished", "postponed")],
    )
    source = Key(max_length=32)
    site_id = Key(max_length=32, null=True)
    match_key = Key(max_length=MATCH_KEY_LENGTH, unique=True)
    url = CharField(max_length=500, null=True)
    seen_at = DateTimeField()
    created_at = DateTimeField(default=now)
    updated_at = DateTimeField(default=now)

    class Meta:
        indexes = ((("league", "match_date"), False),)
        constraints = (Check("home_team_id <> away_team_id", name="two_teams"),)


# -- what was said -----------------------------------------------------------------------------------------------------


class Tasks(Table):
    """What somebody asked for, once it is handed over: the runs it became are in the tables in the same transaction.

    ``task_id``: the same for a task that is delivered again. ``said``: what was asked, for people. ``runs``: how many
    runs it made; ``joined``: leagues that were asked for already, in the same words, and wait: that run does for both.
    """

    id = AutoField()
    task_id = Key(max_length=64, unique=True)
    body_hash = Key(max_length=32)
    said = CharField(max_length=500)
    requested_by = CharField(max_length=100, null=True)
    received_at = DateTimeField(index=True)
    runs = IntegerField(default=0)
    joined = IntegerField(default=0)

    class Meta:
        # A bare task has no id of its own: one that is delivered again is known by its body, of the last hour.
        indexes = ((("body_hash", "received_at"), False),)


class Runs(Table):
    """One crawl, as it was asked for and as it reports itself; ``state`` is null while only its quotes are known.

    The store counts ``stored`` (quotes, each once), ``prices`` (in them), ``refused`` (its dead letters that wait) and
    ``duplicates`` (deliveries of what was stored already); the crawl reports the other counts, and ``current``, the
    match it is at.

    :mod:`schema.runs` says what the states are. ``active_key``: the spider's name from when it is handed to a node to
    its end: no league has two such runs. ``task_id``: of the task that it takes its turn with. ``node``: the Scrapyd
    that has it. ``attempts``: how often no node took it; ``not_before``: when the next attempt is due, and once a node
    has it, since when. ``cancel_asked_at``: when somebody wanted it stopped.
    """

    id = AutoField()
    run_id = Key(max_length=64, unique=True)
    spider = CharField(max_length=100, null=True, index=True)
    state = CharField(max_length=16, null=True)
    verdict = CharField(max_length=32, null=True)
    exit_code = IntegerField(null=True)
    sentence = CharField(max_length=2000, null=True)
    site = CharField(max_length=500, null=True)
    arguments = CharField(max_length=500, null=True)
    started_at = DateTimeField(null=True, index=True)
    finished_at = DateTimeField(null=True)
    reported_at = DateTimeField(null=True)
    listed = IntegerField(default=0)
    discovered = IntegerField(default=0)
    fetched = IntegerField(default=0)
    parsed = IntegerField(default=0)
    yielded = IntegerField(default=0)
    published = IntegerField(default=0)
    pages = IntegerField(default=0)
    retries = IntegerField(default=0)
    error_count = IntegerField(default=0, column_name="errors")  # a form has `errors` of its own
    trj_differs = IntegerField(default=0)
    unknown_bookmakers = IntegerField(default=0)
    stored = IntegerField(default=0)
    prices = IntegerField(default=0)
    refused = IntegerField(default=0)
    duplicates = IntegerField(default=0)
    bookmakers = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    suspects = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    current = CharField(max_length=200, null=True)
    task_id = Key(max_length=64, null=True, index=True)
    requested_by = CharField(max_length=100, null=True)
    requested_at = DateTimeField(null=True)
    active_key = Key(max_length=100, null=True, unique=True)
    node = CharField(max_length=200, null=True)
    attempts = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    not_before = DateTimeField(null=True)
    cancel_asked_at = DateTimeField(null=True)

    class Meta:
        # The second tells a league's last complete run without reading any other.
        indexes = (
            (("state", "requested_at"), False),
            (("spider", "verdict", "finished_at"), False),
        )


class Pages(Table):
    """A page that prices came from, and the generation of the site (``parser``) it was read as.

    ``content``: what its text is kept under in the archive, null where it was not kept.
    """

    id = AutoField()
    page_key = Key(max_length=32, unique=True)
    url = CharField(max_length=500, null=True)
    parser = CharField(max_length=32, null=True)
    created_at = DateTimeField(default=now)
    content = Key(max_length=32, null=True, index=True)


class Odds(Table):
    """Every price that was ever seen.

    ``line``: handicap or total, 0 in markets without one. ``trj``: bookmaker TRJ of the quote, percent, null where an
    outcome has no price. ``published_trj``: what the site printed beside it. ``partial``: from a list, which shows the
    best price of *some* outcomes (``published_trj`` is the market's then). ``suspect``: the rule of plausibility the
    quote breaks, null where it breaks none. ``stored_at``: since when this is known here, null where that was not kept
    yet: then since it was seen.
    """

    id = BigAutoField()
    match = ForeignKeyField(Matches, index=False)
    market = ForeignKeyField(MarketNames, index=False)
    line = DecimalField(max_digits=6, decimal_places=2, default=0)
    bookmaker = ForeignKeyField(Bookmakers, index=False)
    outcome = Key(max_length=50)
    odd_value = DecimalField(max_digits=10, decimal_places=3)
    trj = DecimalField(max_digits=6, decimal_places=2, null=True)
    published_trj = DecimalField(max_digits=6, decimal_places=2, null=True)
    partial = BooleanField(default=False)
    scraped_at = DateTimeField()
    run = ForeignKeyField(Runs, null=True, index=False)
    page = ForeignKeyField(Pages, null=True, index=False)
    suspect = Key(max_length=32, null=True)
    stored_at = DateTimeField(null=True)

    class Meta:
        # The first serves what is asked of one match; the id, which every index ends with, what comes newest first.
        indexes = (
            (("match", "market", "line", "bookmaker", "outcome", "scraped_at"), True),
            (("scraped_at",), False),
            (("bookmaker", "scraped_at"), False),
            (("run",), False),
        )
        constraints = (Check("odd_value > 1", name="odds_is_a_price"),)


class LatestOdds(Table):
    """The newest of the Odds of each outcome. Its columns are those of Odds."""

    match = ForeignKeyField(Matches, index=False)
    market = ForeignKeyField(MarketNames, index=False)
    line = DecimalField(max_digits=6, decimal_places=2, default=0)
    bookmaker = ForeignKeyField(Bookmakers, index=False)
    outcome = Key(max_length=50)
    odd_value = DecimalField(max_digits=10, decimal_places=3)
    trj = DecimalField(max_digits=6, decimal_places=2, null=True)
    published_trj = DecimalField(max_digits=6, decimal_places=2, null=True)
    partial = BooleanField(default=False)
    scraped_at = DateTimeField()
    run = ForeignKeyField(Runs, null=True, index=False)
    page = ForeignKeyField(Pages, null=True, index=False)
    suspect = Key(max_length=32, null=True)
    stored_at = DateTimeField(null=True)

    class Meta:
        # No id of its own: an upsert would burn one each time. Only what never changes is indexed: upserts stay cheap.
        primary_key = CompositeKey("match", "market", "line", "bookmaker", "outcome")
        indexes = ((("bookmaker", "match"), False),)
        constraints = (Check("odd_value > 1", name="latest_is_a_price"),)


class ReplacedOdds(Table):
    """A price of Odds as it was known until ``replaced_at``: another of the same instant was stored, and ranks higher.

    So what was known at any instant can still be told. It has a row only where two sources contradict each other.
    """

    id = BigAutoField()
    match = ForeignKeyField(Matches, index=False)
    market = ForeignKeyField(MarketNames, index=False)
    line = DecimalField(max_digits=6, decimal_places=2, default=0)
    bookmaker = ForeignKeyField(Bookmakers, index=False)
    outcome = Key(max_length=50)
    odd_value = DecimalField(max_digits=10, decimal_places=3)
    trj = DecimalField(max_digits=6, decimal_places=2, null=True)
    published_trj = DecimalField(max_digits=6, decimal_places=2, null=True)
    partial = BooleanField(default=False)
    scraped_at = DateTimeField()
    run = ForeignKeyField(Runs, null=True, index=False)
    page = ForeignKeyField(Pages, null=True, index=False)
    suspect = Key(max_length=32, null=True)
    stored_at = DateTimeField(null=True)
    replaced_at = DateTimeField()

    class Meta:
        indexes = ((("match",), False),)


class Thinnings(Table):
    """Up to where observations were thinned to their changes (:mod:`schema.pruning`): one row, or none yet."""

    name = Key(max_length=16, primary_key=True)
    thinned_before = DateTimeField()


# -- what was received -------------------------------------------------------------------------------------------------


class Messages(Table):
    """The ledger: each message that was stored, so that one that is delivered again counts once.

    ``batch``: the same number for what was stored in one transaction.
    """

    message_id = Key(max_length=32, primary_key=True)
    run = ForeignKeyField(Runs, null=True, index=False)
    batch = BigIntegerField()
    stored_at = DateTimeField(index=True)


class DeadLetters(Table):
    """A body that could not be kept, why, and how often it came. ``size``: its bytes; ``body`` has the first ones.

    ``queue``: the one it came from, and goes back into when it is replayed; ``body_hash``: of the body, in that queue.

    ``replayed_at``: when it was last put back into the queue; ``replays``: how often. One that came back refused
    has a ``last_seen`` that is not earlier.
    """

    id = AutoField()
    body_hash = Key(max_length=32, unique=True)
    body = BlobField()
    size = IntegerField()
    reason = Key(max_length=32, index=True)
    detail = CharField(max_length=500)
    run_id = Key(max_length=64, null=True)
    first_seen = DateTimeField()
    last_seen = DateTimeField(index=True)
    times = IntegerField(default=1)
    replayed_at = DateTimeField(null=True)
    replays = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    queue = Key(max_length=64, default="odds", constraints=[SQL("DEFAULT 'odds'")])

    class Meta:
        # Covers what is counted of them: how many wait, by their reason.
        indexes = ((("reason", "replayed_at", "last_seen"), False),)


# -- what is to be done, and when --------------------------------------------------------------------------------------


class Schedules(Table):
    """When which leagues are to be crawled. Exactly one of ``cron``, ``every_minutes`` and ``kickoff`` is set.

    ``what``: as `scrapy ask` takes it (``ligue1, nba``, ``sport:football``, ``country:France``, ``all``). ``cron``:
    five fields, in the time of Paris. ``kickoff``: how long before each match's kick-off it is visited (``24h 6h 1h
    15m 5m``). ``arguments``: of the spider (``depth=list days=2``). ``decided_until``: up to when it is decided what is
    due.
    """

    id = AutoField()
    name = CharField(max_length=100, unique=True)
    what = CharField(max_length=500)
    cron = CharField(max_length=100, null=True)
    every_minutes = IntegerField(null=True)
    kickoff = CharField(max_length=200, null=True)
    arguments = CharField(max_length=200, null=True)
    enabled = BooleanField(default=False)
    decided_until = DateTimeField(null=True)
    created_at = DateTimeField(default=now)
    updated_at = DateTimeField(default=now)


class Firings(Table):
    """One time a schedule was due, decided once and for all.

    ``state``: ``due`` (the task is to be sent), ``sent``, ``missed`` (nobody was there in time) or ``skipped`` (the one
    before goes on). ``task_id``: of the task, the same however often it is sent. ``note``: why, where it was not sent.
    """

    id = AutoField()
    schedule = ForeignKeyField(Schedules, index=False, on_delete="CASCADE")
    due_at = DateTimeField()
    state = Key(max_length=16, index=True)
    task_id = Key(max_length=64, null=True)
    note = CharField(max_length=500, null=True)
    decided_at = DateTimeField(default=now)
    sent_at = DateTimeField(null=True)

    class Meta:
        indexes = ((("schedule", "due_at"), True),)


class Visits(Table):
    """One visit to a match before its kick-off, as a schedule wants it.

    ``minutes``: how long before the kick-off; ``due_at``: when that is, as long as the kick-off stays; ``state``:
    ``due`` (the task is to be sent), ``sent`` or ``missed``; ``task_id``: of the task that makes it.
    """

    id = AutoField()
    schedule = ForeignKeyField(Schedules, index=False, on_delete="CASCADE")
    match = ForeignKeyField(Matches)
    minutes = IntegerField()
    due_at = DateTimeField()
    state = Key(max_length=16)
    task_id = Key(max_length=64, null=True)
    decided_at = DateTimeField(default=now)

    class Meta:
        indexes = (
            (("schedule", "match", "minutes"), True),
            (("state", "decided_at"), False),
            (("due_at",), False),
        )


# -- what is counted of what was said ----------------------------------------------------------------------------------


class TouchedMatches(Table):
    """A match that something was said of since it was tallied (:mod:`schema.tally`): a row for each batch that did.

    Whoever changes a match, or takes it away, by hand adds one too. Rows are only added, and deleted by their ids.
    """

    id = BigAutoField()
    match = ForeignKeyField(Matches, index=False)
    touched_at = DateTimeField(default=now)


class TouchedHours(Table):
    """An hour (its beginning) that prices were seen in, and that is to be counted again. As TouchedMatches."""

    id = BigAutoField()
    hour = DateTimeField()
    touched_at = DateTimeField(default=now)


class Payouts(Table):
    """The last quote of a bookmaker before the kick-off, for one market and line of one match: what it ended on.

    A match that has not kicked off, or nobody says when, has the newest so far. Prices in doubt and lists are left out.

    ``day``: of the kick-off in Paris; of the quote where no kick-off is known. ``scraped_at``: of the quote. ``trj``:
    bookmaker TRJ, null where an outcome has no price that counts; ``opening_trj``: of its first quote. ``stale``: the
    quote is older than the newest of the market by more than :data:`schema.payouts.FRESH`; it is compared with none.

    ``books``: bookmakers that are compared in this market, this one included. Where they are two at least: ``outcomes``
    that it prices; of these it has the best price of ``best_alone``, and of ``best_tied`` together with others;
    ``best_weight``: one for each alone and 1/k for each tied with k - 1 others, one being :data:`schema.payouts.WHOLE`.
    """

    match = ForeignKeyField(Matches, index=False)
    market = ForeignKeyField(MarketNames, index=False)
    line = DecimalField(max_digits=6, decimal_places=2, default=0)
    bookmaker = ForeignKeyField(Bookmakers, index=False)
    league = ForeignKeyField(Leagues, index=False)
    day = DateField()
    kickoff = DateTimeField(null=True)
    scraped_at = DateTimeField()
    trj = DecimalField(max_digits=6, decimal_places=2, null=True)
    published_trj = DecimalField(max_digits=6, decimal_places=2, null=True)
    opened_at = DateTimeField()
    opening_trj = DecimalField(max_digits=6, decimal_places=2, null=True)
    stale = BooleanField(default=False)
    books = IntegerField(default=0)
    outcomes = IntegerField(default=0)
    best_alone = IntegerField(default=0)
    best_tied = IntegerField(default=0)
    best_weight = BigIntegerField(default=0)

    class Meta:
        primary_key = CompositeKey("match", "market", "line", "bookmaker")
        indexes = (
            (("league", "day"), False),
            (("market", "day"), False),
        )


class PayoutDays(Table):
    """The Payouts of a day, league, market and bookmaker together, without those that are stale.

    TRJ are in hundredths of a percent, so that sums are exact on any database: ``trj_sum`` and ``trj_squares`` of
    ``quotes`` that have one; ``published_sum`` of ``published``; ``opening_sum`` and ``closing_sum`` of ``opened``,
    which have both. ``matches``: how many, of any line. The others as in Payouts, added up.
    """

    day = DateField()
    league = ForeignKeyField(Leagues, index=False)
    market = ForeignKeyField(MarketNames, index=False)
    bookmaker = ForeignKeyField(Bookmakers, index=False)
    matches = IntegerField()
    quotes = IntegerField()
    trj_sum = BigIntegerField()
    trj_squares = BigIntegerField()
    published = IntegerField()
    published_sum = BigIntegerField()
    opened = IntegerField()
    opening_sum = BigIntegerField()
    closing_sum = BigIntegerField()
    outcomes = IntegerField()
    best_alone = IntegerField()
    best_tied = IntegerField()
    best_weight = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("market", "day", "league", "bookmaker")
        indexes = ((("league", "day"), False),)


class PayoutSpans(Table):
    """The PayoutDays of all leagues together, by ``day`` or calendar month (``span``): so a year is some hundred rows.

    ``day``: the first of the span. The others as in PayoutDays, added up.
    """

    span = Key(max_length=8)
    day = DateField()
    market = ForeignKeyField(MarketNames, index=False)
    bookmaker = ForeignKeyField(Bookmakers, index=False)
    matches = IntegerField()
    quotes = IntegerField()
    trj_sum = BigIntegerField()
    trj_squares = BigIntegerField()
    published = IntegerField()
    published_sum = BigIntegerField()
    opened = IntegerField()
    opening_sum = BigIntegerField()
    closing_sum = BigIntegerField()
    outcomes = IntegerField()
    best_alone = IntegerField()
    best_tied = IntegerField()
    best_weight = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("span", "day", "market", "bookmaker")


class OddsHours(Table):
    """What was seen in an hour (its beginning, UTC) of a league's market at a bookmaker: ``prices`` of ``matches``.

    Counted from Odds when something was last seen of that hour: what is thinned later stays counted. ``suspects``:
    prices with a mark; ``last_at``: when the last of them was seen.
    """

    hour = DateTimeField()
    league = ForeignKeyField(Leagues, index=False)
    market = ForeignKeyField(MarketNames, index=False)
    bookmaker = ForeignKeyField(Bookmakers, index=False)
    prices = IntegerField()
    matches = IntegerField()
    suspects = IntegerField()
    last_at = DateTimeField()

    class Meta:
        primary_key = CompositeKey("hour", "league", "market", "bookmaker")


class Tallies(Table):
    """How far the first tally of all there is has come, of ``matches`` and of ``hours``, and when each was last busy.

    ``position``: the last match that was tallied; of hours, seconds since 1970 of the earliest that was counted.
    ``done_at``: when the first tally was through. Whoever tallies holds these rows: one does at a time.
    """

    name = Key(max_length=16, primary_key=True)
    position = BigIntegerField(null=True)
    done_at = DateTimeField(null=True)
    busy_at = DateTimeField(null=True)


class Layouts(Table):
    """An analyst's table, saved: which bookmakers in which order, which leagues, how many of their next matches.

    ``bookmakers``, ``leagues``: ids, as ``3,1,12``; ``market``: a code; ``columns``: see :mod:`analytics.layout`.
    ``owner``: who saved it, as people sign in.
    """

    id = AutoField()
    owner = Key(max_length=190)
    name = CharField(max_length=100)
    market = Key(max_length=20)
    bookmakers = TextField()
    leagues = TextField()
    matches = IntegerField()
    columns = CharField(max_length=200)
    created_at = DateTimeField(default=now)
    updated_at = DateTimeField(default=now)

    class Meta:
        indexes = ((("owner", "name"), True),)


# -- who may see and do what, and who did ------------------------------------------------------------------------------


class Users(Table):
    """Somebody who may sign in. Nobody is ever deleted, for the audit log names them: ``active`` says who still may.

    The columns that gig-benchmark's `users` has are gig-benchmark's. ``username_key``: what all spellings of the name
    share. ``password``: its hash; empty: none is right. ``role``: ``viewer``, ``operator`` or ``admin``.
    ``fs_uniquifier``: what sessions name the account by; a new one ends all of them. ``last_login``: the last sign-in.
    """

    id = AutoField()
    username = CharField(max_length=150)
    username_key = Key(max_length=150, unique=True)
    password = CharField(max_length=255, default="")
    first_name = CharField(max_length=150, default="")
    last_name = CharField(max_length=150, default="")
    role = Key(max_length=16)
    active = BooleanField(default=True, column_name="is_active")
    fs_uniquifier = Key(max_length=64, unique=True)
    last_login = DateTimeField(null=True)
    created_at = DateTimeField(default=now)
    updated_at = DateTimeField(default=now)

    class Meta:
        table_name = "users"


class Sessions(Table):
    """A browser that somebody signed in with. A row that is gone is a session that is over.

    ``token_hash``: SHA-256 of what the browser's cookie holds. ``address`` and ``agent``: as they were at the sign-in.
    ``seen_at``: the last request, to some minutes.
    """

    id = AutoField()
    user = ForeignKeyField(Users)
    token_hash = Key(max_length=64, unique=True)
    address = CharField(max_length=64)
    agent = CharField(max_length=200)
    created_at = DateTimeField(default=now)
    seen_at = DateTimeField(default=now, index=True)


class ApiKeys(Table):
    """What a program signs in with. ``shown``: its first letters, by which people tell it from others; ``key_hash``:
    SHA-256 of all of it, which nobody has but the program. ``scopes``: words of read, export, jobs, ingest.
    """

    id = AutoField()
    user = ForeignKeyField(Users)
    name = CharField(max_length=100)
    shown = Key(max_length=16)
    key_hash = Key(max_length=64, unique=True)
    scopes = CharField(max_length=100)
    created_at = DateTimeField(default=now)
    last_used_at = DateTimeField(null=True)
    revoked_at = DateTimeField(null=True)


class Attempts(Table):
    """Passwords that were tried and not right, of late. ``name``: an account's, or the address they came from."""

    id = AutoField()
    name = Key(max_length=200)
    at = DateTimeField(default=now, index=True)

    class Meta:
        indexes = ((("name", "at"), False),)


class AuditLog(Table):
    """Each change that somebody made: written once, with what was there before and after, as JSON; never changed.

    ``actor``: the account's name as it was then, or ``command line``; ``program``: the name of the key that was used,
    null where the account did it in person. ``request_id``: the same for all that one request changed.
    """

    id = BigAutoField()
    at = DateTimeField(default=now, index=True)
    actor = Key(max_length=150)
    address = CharField(max_length=64, null=True)
    action = Key(max_length=32)
    object_type = Key(max_length=32)
    object_id = Key(max_length=200, null=True)
    before = TextField(null=True, column_name="before_json")
    after = TextField(null=True, column_name="after_json")
    request_id = Key(max_length=32, null=True)
    program = CharField(max_length=100, null=True)

    class Meta:
        # Each ends with the id: the newest of one person, or of one thing, are read off the end.
        indexes = (
            (("actor",), False),
            (("object_type", "object_id"), False),
        )


class Submissions(Table):
    """What a program sent under a key of its own (``Idempotency-Key``), so that it counts once however often it comes.

    ``kind``: ``task`` or ``quotes``; ``body_hash``: of what was sent; ``made_id``: of the task, or the run, it became.
    ``settled_at``: when it was durable, null while that is not known: then it is done again, which does no harm.
    """

    id = AutoField()
    user = ForeignKeyField(Users, index=False)
    kind = Key(max_length=16)
    key = Key(max_length=128)
    body_hash = Key(max_length=32)
    made_id = Key(max_length=64)
    created_at = DateTimeField(default=now, index=True)
    settled_at = DateTimeField(null=True)

    class Meta:
        indexes = ((("user", "kind", "key"), True),)


PEOPLE = (Users, Sessions, ApiKeys, Attempts, AuditLog, Submissions)
"""Tables about people. They are no lists to leaf through: each has pages of its own."""


# -- who is who: what a person says ------------------------------------------------------------------------------------


class BookmakerAliases(Table):
    """Another name of a bookmaker, as a person has said: quotes under it are of that one."""

    id = AutoField()
    name_key = Key(max_length=NAME_LENGTH, unique=True)
    name = CharField(max_length=NAME_LENGTH)
    bookmaker = ForeignKeyField(Bookmakers)
    created_at = DateTimeField(default=now)


class TeamAliases(Table):
    """Another name of a team in its league, as a person has said, or that of one that was merged into it."""

    id = AutoField()
    league = ForeignKeyField(Leagues, index=False)
    name_key = Key(max_length=NAME_LENGTH)
    name = CharField(max_length=NAME_LENGTH)
    team = ForeignKeyField(Teams)
    created_at = DateTimeField(default=now)

    class Meta:
        indexes = ((("league", "name_key"), True),)


class Editions(Table):
    """One row. ``number`` goes up whenever a person changes who is who: what writers remember of it is void then."""

    id = AutoField()
    number = IntegerField(default=1)


class TakeOvers(Table):
    """How far another system's database is taken over (`scrapy import-gig`), so that what was broken off goes on.

    ``name``: what the person calls it; ``source``: its address, without who asks. ``upto``: the last of its prices that
    is looked at; ``position``: the last of its matches that is stored. ``account``: what became of those so far, JSON.
    """

    name = Key(max_length=32, primary_key=True)
    source = Key(max_length=190)
    upto = BigIntegerField()
    position = BigIntegerField()
    account = LongText()
    started_at = DateTimeField()
    updated_at = DateTimeField()
    done_at = DateTimeField(null=True)


# -- what people follow, and what they are told ------------------------------------------------------------------------


class Follows(Table):
    """What a person (by name) keeps an eye on: ``kind`` match, team, league or bookmaker, and the id of its row."""

    id = AutoField()
    person = Key(max_length=100)
    kind = Key(max_length=16)
    object_id = IntegerField()
    created_at = DateTimeField(default=now)

    class Meta:
        indexes = ((("person", "kind", "object_id"), True),)


class AlertRules(Table):
    """When to tell whom what. :mod:`analytics.alerts.rules` says what each ``kind`` measures, and in which unit.

    What it is about: each of ``match`` … ``spider`` that is set narrows it. ``threshold``: an event opens beyond it,
    and closes at once when the value is past it by ``margin``, or when it has been back for ``calm_minutes``.
    ``minutes``: how far a move is looked back, or how long a bookmaker may be silent. ``at_least``: so many bookmakers.
    ``max_age_minutes``: an older price says nothing. ``cooldown_minutes``: between two messages about one thing.
    ``quiet_from``, ``quiet_until``: minutes of the day in Paris between which nobody is told; both null: never.
    ``muted_until``: nobody is told before then.
    """

    id = AutoField()
    kind = Key(max_length=32)
    direction = Key(max_length=8, null=True)
    threshold = DecimalField(max_digits=10, decimal_places=3)
    margin = DecimalField(max_digits=10, decimal_places=3)
    minutes = IntegerField(null=True)
    at_least = IntegerField()
    max_age_minutes = IntegerField()
    calm_minutes = IntegerField()
    cooldown_minutes = IntegerField()
    quiet_from = IntegerField(null=True)
    quiet_until = IntegerField(null=True)
    match = ForeignKeyField(Matches, null=True)
    team = ForeignKeyField(Teams, null=True)
    league = ForeignKeyField(Leagues, null=True)
    bookmaker = ForeignKeyField(Bookmakers, null=True)
    market = Key(max_length=20, null=True)
    outcome = Key(max_length=50, null=True)
    spider = Key(max_length=100, null=True)
    enabled = BooleanField(default=True)
    muted_until = DateTimeField(null=True)
    created_by = CharField(max_length=100, null=True)
    created_at = DateTimeField(default=now)
    updated_at = DateTimeField(default=now)


class Channels(Table):
    """Where messages go. ``secret``: its address, encrypted; ``masked``: what may be shown of it."""

    id = AutoField()
    name = CharField(max_length=100, unique=True)
    secret = BlobField()
    masked = CharField(max_length=200)
    language = Key(max_length=2)
    enabled = BooleanField(default=True)
    created_by = CharField(max_length=100, null=True)
    created_at = DateTimeField(default=now)
    updated_at = DateTimeField(default=now)


class RuleChannels(Table):
    """Which channels a rule tells."""

    id = AutoField()
    rule = ForeignKeyField(AlertRules, index=False, on_delete="CASCADE")
    channel = ForeignKeyField(Channels, on_delete="CASCADE")

    class Meta:
        indexes = ((("rule", "channel"), True),)


class AlertEvents(Table):
    """One time that a rule held of one thing (``subject``), from when it opened to when it closed.

    ``open_key``: rule and subject while it is open: no thing has two such events. ``announced_at``: when people were
    first told, null where they were not (quiet hours, a mute). ``value``: the newest; ``told_value``, ``told_at``: what
    they were told last, and when. ``calm_since``: back below the threshold since then. ``age``: seconds of the oldest
    price it stands on, when it opened. ``details``: JSON, as it was when people were told last. ``closed_because``:
    ``back``, ``gone`` or ``over``. ``messages``: how many were written.
    """

    id = AutoField()
    rule = ForeignKeyField(AlertRules, index=False, on_delete="CASCADE")
    subject = Key(max_length=200)
    open_key = Key(max_length=220, null=True, unique=True)
    match_id = IntegerField(null=True)
    opened_at = DateTimeField(index=True)
    updated_at = DateTimeField()
    announced_at = DateTimeField(null=True)
    closed_at = DateTimeField(null=True)
    closed_because = Key(max_length=16, null=True)
    value = DecimalField(max_digits=12, decimal_places=3)
    told_value = DecimalField(max_digits=12, decimal_places=3)
    told_at = DateTimeField(null=True)
    calm_since = DateTimeField(null=True)
    age = IntegerField(null=True)
    details = CharField(max_length=2000)
    messages = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])

    class Meta:
        indexes = ((("rule", "closed_at"), False),)


class Deliveries(Table):
    """One message to one channel, written before it is sent. ``event`` is null for a test.

    ``kind``: ``opened``, ``updated``, ``closed`` or ``test``. ``delivery_id``: stands in the message, the same however
    often it is sent. ``state``: ``due``, ``sending``, ``sent`` or ``failed`` (given up); ``note``: why, where it was
    not sent, or may have been sent twice. ``took``: milliseconds.
    """

    id = AutoField()
    event = ForeignKeyField(AlertEvents, null=True, on_delete="CASCADE")
    channel = ForeignKeyField(Channels, on_delete="CASCADE")
    kind = Key(max_length=16)
    delivery_id = Key(max_length=64, unique=True)
    title = CharField(max_length=250)
    body = CharField(max_length=2000)
    state = Key(max_length=16)
    attempts = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    not_before = DateTimeField()
    note = CharField(max_length=500, null=True)
    took = IntegerField(null=True)
    created_at = DateTimeField(default=now)
    sent_at = DateTimeField(null=True)

    class Meta:
        indexes = ((("state", "not_before"), False),)


# -- what programs are told --------------------------------------------------------------------------------------------


class Webhooks(Table):
    """An address of a program's owner (``user``) that is told what happens. ``secret``: what is signed with, encrypted.

    ``shown``: its first letters. ``kinds``: words of :data:`schema.webhooks.KINDS`. ``league``, ``match``: what prices
    and alerts must be of, where they are set. ``since``: nothing earlier is told. ``failing_since``: the first of the
    attempts that have failed since the last that did not. ``disabled_because``: ``failing``, ``backlog`` or ``gone``,
    where it was not a person.
    """

    id = AutoField()
    user = ForeignKeyField(Users)
    name = CharField(max_length=100)
    url = CharField(max_length=500)
    secret = BlobField()
    shown = Key(max_length=16)
    kinds = CharField(max_length=200)
    league = ForeignKeyField(Leagues, null=True)
    match = ForeignKeyField(Matches, null=True)
    enabled = BooleanField(default=True)
    since = DateTimeField(default=now)
    failing_since = DateTimeField(null=True)
    disabled_because = Key(max_length=16, null=True)
    created_at = DateTimeField(default=now)
    updated_at = DateTimeField(default=now)


class WebhookDeliveries(Table):
    """One message to one hook, written before it is sent; those of one hook are sent in their order.

    ``delivery_id``: the same however often it is sent. ``body``: JSON. ``state``, ``not_before``, ``note``, ``took``:
    as in Deliveries. ``status``: what the last attempt was answered.
    """

    id = BigAutoField()
    hook = ForeignKeyField(Webhooks, index=False, on_delete="CASCADE")
    delivery_id = Key(max_length=80, unique=True)
    kind = Key(max_length=32)
    body = TextField()
    state = Key(max_length=16)
    attempts = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    not_before = DateTimeField()
    status = IntegerField(null=True)
    note = CharField(max_length=500, null=True)
    took = IntegerField(null=True)
    created_at = DateTimeField(default=now)
    sent_at = DateTimeField(null=True)

    class Meta:
        # The first keeps the order, the second lists the newest of one hook.
        indexes = (
            (("hook", "state"), False),
            (("hook", "created_at"), False),
            (("state", "not_before"), False),
        )


class WebhookPositions(Table):
    """How far hooks were told, by what was looked at (``odds``, ``runs``, ``alerts``): each the number of a row."""

    name = Key(max_length=16, primary_key=True)
    position = BigIntegerField()
    at = DateTimeField()


# -- what gig-benchmark's programs ask for and report ------------------------------------------------------------------


class GigProgress(Table):
    """How far a scraper is, as gig-benchmark's programs know it. ``scraper``: what all names of one share
    (:func:`gigscrapy.gigkeys.one_name`).

    ``task_id``, ``asked_at``: the last task that was asked for there. ``reported_at``: when a scraper last said what
    the other columns have.
    """

    id = AutoField()
    scraper = Key(max_length=100, unique=True)
    task_id = Key(max_length=64, null=True)
    asked_at = DateTimeField(null=True)
    status = Key(max_length=32, null=True)
    current = IntegerField(default=0)
    total = IntegerField(default=0)
    message = CharField(max_length=500, default="")
    current_match = CharField(max_length=200, default="")
    bookmakers_count = IntegerField(default=0)
    matches_scraped = IntegerField(default=0)
    odds_sent = IntegerField(default=0)
    reported_at = DateTimeField(null=True)
    updated_at = DateTimeField(default=now, index=True)


TABLES = (
    Sports,
    MarketNames,
    Bookmakers,
    Leagues,
    Teams,
    Matches,
    Tasks,
    Runs,
    Pages,
    Odds,
    LatestOdds,
    ReplacedOdds,
    Thinnings,
    Messages,
    DeadLetters,
    Schedules,
    Firings,
    Visits,
    TouchedMatches,
    TouchedHours,
    Payouts,
    PayoutDays,
    PayoutSpans,
    OddsHours,
    Tallies,
    Layouts,
    *PEOPLE,
    BookmakerAliases,
    TeamAliases,
    Editions,
    TakeOvers,
    Follows,
    AlertRules,
    Channels,
    RuleChannels,
    AlertEvents,
    Deliveries,
    Webhooks,
    WebhookDeliveries,
    WebhookPositions,
    GigProgress,
)

COUNTED = (TouchedMatches, TouchedHours, Payouts, PayoutDays, PayoutSpans, OddsHours, Tallies)
"""Those of them that are counted from others, and can be counted anew."""
