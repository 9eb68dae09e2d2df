"""The token store: one grant per connection, encrypted, and the authorizations that are under way.

It lives apart from the ledger: a table of its own on PostgreSQL, a file of its own beside an SQLite ledger.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import URL, ColumnElement, Connection, Row, delete, func, insert, or_, select, update

from airflow_provider_ipaas.errors import ConfigurationError
from airflow_provider_ipaas.ledger.engine import make_engine, parse_url, place_of
from airflow_provider_ipaas.ledger.ledger import utcnow
from airflow_provider_ipaas.ledger.migrate import prepare
from airflow_provider_ipaas.ledger.session import Sessions
from airflow_provider_ipaas.ledger.upserts import insert_into
from airflow_provider_ipaas.tokens.cipher import Cipher
from airflow_provider_ipaas.tokens.tables import SCHEMA, authorization, token

# How long a person has from Connect to the callback; the documented life of a code is 15 minutes.
AUTHORIZATION_LIFE = timedelta(minutes=10)
_KEPT = timedelta(days=1)

State = Literal["connected", "refused", "lost"]
_SECRETS = ("refresh_token", "access_token")


@dataclass(frozen=True, slots=True)
class StoredGrant:
    """What a person's consent gave for one connection, and how far its renewal has come.

    *app* and *seed* are fingerprints: of Consumer Key and token host, and of the refresh token that stood in the
    connection then. *tries* counts calls whose outcome is unknown, *version* rises with each change of the tokens.
    """

    connection_id: str
    app: str
    seed: str
    refresh_token: str = field(repr=False)
    access_token: str | None = field(default=None, repr=False)
    state: State = "connected"
    reason: str = ""
    instance_url: str = ""
    org_id: str = ""
    user_id: str = ""
    username: str = ""
    scopes: str = ""
    connected_at: datetime | None = None
    connected_by: str = ""
    refreshed_at: datetime | None = None
    issued_at: datetime | None = None
    rotates: bool | None = None
    refreshes: int = 0
    version: int = 0
    tries: int = 0
    holder: str | None = None
    held_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Authorization:
    """One Connect under way: whose it is, where the answer goes, and the PKCE verifier."""

    connection_id: str
    app: str
    bound_to: str
    redirect_uri: str
    verifier: str = field(repr=False)
    begun_at: datetime | None = None


class ForeignAuthorization(ConfigurationError):
    """A Connect that somebody else has begun."""


def fingerprint(text: str) -> str:
    """Return a text that tells two values apart and gives neither away."""
    return hashlib.sha256(text.encode()).hexdigest()


class TokenStore:
    """Grants on SQLite or PostgreSQL; safe for many threads and processes. Errors are `LedgerError`.

    Times are those of the database server, so that the workers' clocks don't matter.
    """

    def __init__(self, sessions: Sessions, cipher: Cipher, clock: Callable[[], datetime] | None = None) -> None:
        self._sessions = sessions
        self._cipher = cipher
        self._clock = clock

    @classmethod
    def open(cls, url: str | URL, cipher: Cipher, *, clock: Callable[[], datetime] | None = None) -> TokenStore:
        """Open the store at an SQLAlchemy URL, creating its tables where there are none."""
        parsed = parse_url(url)
        engine = make_engine(parsed)
        try:
            prepare(engine, SCHEMA)
        except BaseException:
            engine.dispose()
            raise
        return cls(Sessions(engine, place_of(parsed)), cipher, clock)

    def __repr__(self) -> str:
        return f"TokenStore({self._sessions.place!r})"

    @property
    def place(self) -> str:
        """The path of the file, or host and database; for messages."""
        return self._sessions.place

    def close(self) -> None:
        """Close idle connections; the store can still be used."""
        self._sessions.engine.dispose()

    # Grants
    def find(self, connection_id: str) -> StoredGrant | None:
        """Return the grant of a connection; one that an older key had encrypted is encrypted anew on the way."""
        row = self._sessions.read(lambda c: c.execute(_by_id(connection_id)).one_or_none())
        if row is None:
            return None
        grant, current = self._opened(row)
        if not current:
            self._sessions.write(lambda c: self._encrypt_anew(c, grant))
        return grant

    def find_by_app(self, app: str) -> StoredGrant | None:
        """Return the newest grant of an app, whatever connection it was given for."""
        wanted = select(token).where(token.c.app == app).order_by(token.c.connected_at.desc()).limit(1)
        row = self._sessions.read(lambda c: c.execute(wanted).one_or_none())
        return None if row is None else self._opened(row)[0]

    def put(self, grant: StoredGrant) -> StoredGrant | None:
        """Store a new grant for its connection and return the one it replaces, which is to be revoked."""

        replaced = self._sessions.write(lambda c: self._place(c, grant))
        return None if replaced is None else self._readable(replaced)

    def seed(self, grant: StoredGrant) -> None:
        """Store the first grant of a connection unless another process was quicker with the same one."""
        self._sessions.write(lambda c: self._place(c, grant, unless_seeded=True))

    def _place(self, c: Connection, grant: StoredGrant, *, unless_seeded: bool = False) -> Row[Any] | None:
        """Insert the grant or write it over the connection's present one; return that one."""
        values = self._sealed(grant, self._now(c))
        # A grant that replaces a deleted one must not fit what a process still remembers of that.
        values["version"] = secrets.randbits(30)
        if c.execute(insert_into(c, token).values(values).on_conflict_do_nothing()).rowcount:
            return None
        found = c.execute(_by_id(grant.connection_id).with_for_update()).one()
        if not (unless_seeded and (found.app, found.seed) == (grant.app, grant.seed)):
            c.execute(update(token).where(token.c.connection_id == grant.connection_id).values(values))
        return found

    def exists(self, connection_id: str) -> bool:
        """Tell whether there is a grant, be it one that can't be decrypted any more."""
        return self._sessions.read(lambda c: c.execute(_by_id(connection_id)).one_or_none()) is not None

    def forget(self, connection_id: str) -> StoredGrant | None:
        """Delete the grant of a connection and return it; None when there was none, or none that can be read."""

        def work(c: Connection) -> Row[Any] | None:
            found = c.execute(_by_id(connection_id).with_for_update()).one_or_none()
            c.execute(delete(token).where(token.c.connection_id == connection_id))
            return found

        found = self._sessions.write(work)
        return None if found is None else self._readable(found)

    def encrypt_anew(self) -> int:
        """Encrypt every grant with the first key; return how many another key had encrypted."""

        def work(c: Connection) -> int:
            opened = [self._opened(row) for row in c.execute(select(token).with_for_update()).all()]
            return sum(self._encrypt_anew(c, grant) for grant, current in opened if not current)

        return self._sessions.write(work)

    # Renewal: claim, call, settle
    def claim(self, grant: StoredGrant, holder: str, life: timedelta) -> int | None:
        """Let *holder* alone renew this version of the grant until *life* is over, and count a call as begun.

        Returns how many calls are counted now, this one included; None when another one holds the claim, or the grant has
        changed.
        """

        def work(c: Connection) -> int | None:
            now = self._now(c)
            free = or_(token.c.holder.is_(None), token.c.holder == holder, token.c.held_until < now)
            values = {"holder": holder, "held_until": now + life, "tries": token.c.tries + 1}
            changed = update(token).where(_this(grant) & free).values(values).returning(token.c.tries)
            return c.execute(changed).scalar_one_or_none()

        return self._sessions.write(work)

    def uncount(self, grant: StoredGrant, holder: str) -> None:
        """Take back the count of a call that surely did nothing; the claim stays."""
        self._settle(grant, holder, {"tries": token.c.tries - 1})

    def release(self, grant: StoredGrant, holder: str) -> None:
        """Give the claim back."""
        self._settle(grant, holder, {"holder": None, "held_until": None})

    def renewed(self, grant: StoredGrant, **changes: Any) -> bool:
        """Save what a renewal gave, before anybody uses it; *changes* are fields of the grant.

        Whoever got the answer saves it, even after the claim ran out, as long as nobody has saved another one: then
        False.
        """
        sealed = {name: self._seal(name, value) for name, value in changes.items()}

        def work(c: Connection) -> bool:
            own = {"state": "connected", "reason": "", "tries": 0, "holder": None, "held_until": None}
            values = {**own, "refreshed_at": self._now(c), "version": grant.version + 1, **sealed}
            return bool(c.execute(update(token).where(_this(grant)).values(values)).rowcount)

        return self._sessions.write(work)

    def end(self, grant: StoredGrant, holder: str, state: State, reason: str) -> None:
        """Note that this grant can't be renewed any more and why; only a new consent brings the connection back."""
        values = {"state": state, "reason": reason, "holder": None, "held_until": None, "access_token": None}
        self._settle(grant, holder, {**values, "version": grant.version + 1})

    def _settle(self, grant: StoredGrant, holder: str, values: dict[str, Any]) -> None:
        mine = update(token).where(_this(grant) & (token.c.holder == holder)).values(values)
        self._sessions.write(lambda c: c.execute(mine))

    # Authorizations
    def begin(self, state: str, begun: Authorization) -> None:
        """Note a Connect under way by the hash of its `state`; old ones are dropped."""

        def work(c: Connection) -> None:
            now = self._now(c)
            c.execute(delete(authorization).where(authorization.c.begun_at < now - _KEPT))
            c.execute(
                insert(authorization).values(
                    state_hash=fingerprint(state),
                    connection_id=begun.connection_id,
                    app=begun.app,
                    bound_to=begun.bound_to,
                    redirect_uri=begun.redirect_uri,
                    verifier=self._cipher.encrypt(begun.verifier),
                    begun_at=now,
                )
            )

        self._sessions.write(work)

    def connection_of(self, state: str) -> str | None:
        """Return which connection a `state` was made for; None for one that nobody here made."""
        wanted = select(authorization.c.connection_id).where(authorization.c.state_hash == fingerprint(state))
        return self._sessions.read(lambda c: c.execute(wanted).scalar_one_or_none())

    def take(self, state: str, bound_to: str) -> Authorization:
        """Return the Connect of a `state` and use it up.

        Raises ConfigurationError, with the next step, for a state that is unknown, somebody else's, used or too old.
        """
        by_state = authorization.c.state_hash == fingerprint(state)

        def work(c: Connection) -> tuple[Row[Any] | None, datetime]:
            now = self._now(c)
            found = c.execute(select(authorization).where(by_state).with_for_update()).one_or_none()
            if found is not None and found.bound_to == bound_to and found.used_at is None:
                c.execute(update(authorization).where(by_state).values(used_at=now))
            return found, now

        found, now = self._sessions.write(work)
        if found is None:
            raise _refused("This answer belongs to no Connect that was begun here.")
        if found.bound_to != bound_to:
            # Nothing is used up: the person it belongs to can still finish.
            raise ForeignAuthorization(
                "This Connect was begun by somebody else.",
                next_step="Go back to the connection and press Connect yourself.",
            )
        if found.used_at is not None:
            raise _refused("This answer was taken already; each works once.")
        if now - found.begun_at > AUTHORIZATION_LIFE:
            raise _refused("This Connect was begun more than 10 minutes ago.")
        return Authorization(
            connection_id=found.connection_id,
            app=found.app,
            bound_to=found.bound_to,
            redirect_uri=found.redirect_uri,
            verifier=self._cipher.decrypt(found.verifier).text,
            begun_at=found.begun_at,
        )

    # Sealing and opening
    def _now(self, c: Connection) -> datetime:
        if self._clock is not None:
            return self._clock()
        if c.dialect.name == "postgresql":
            now: datetime = c.execute(select(func.clock_timestamp())).scalar_one()
            return now
        return utcnow()

    def _seal(self, name: str, value: Any) -> Any:
        return self._cipher.encrypt(value) if name in _SECRETS and value is not None else value

    def _sealed(self, grant: StoredGrant, now: datetime) -> dict[str, Any]:
        values = {column.name: getattr(grant, column.name) for column in token.columns}
        values["connected_at"] = grant.connected_at or now
        return {name: self._seal(name, value) for name, value in values.items()}

    def _opened(self, row: Row[Any]) -> tuple[StoredGrant, bool]:
        values = dict(row._mapping)
        current = True
        for name in _SECRETS:
            if values[name] is not None:
                opened = self._cipher.decrypt(values[name])
                values[name] = opened.text
                current = current and opened.current
        return StoredGrant(**values), current

    def _readable(self, row: Row[Any]) -> StoredGrant | None:
        """Open a grant that is on its way out; one whose key is lost can't be revoked any more, and that is all."""
        try:
            return self._opened(row)[0]
        except ConfigurationError:
            return None

    def _encrypt_anew(self, c: Connection, grant: StoredGrant) -> bool:
        values = {name: self._seal(name, getattr(grant, name)) for name in _SECRETS}
        return bool(c.execute(update(token).where(_this(grant)).values(values)).rowcount)


def _by_id(connection_id: str) -> Any:
    return select(token).where(token.c.connection_id == connection_id)


def _this(grant: StoredGrant) -> ColumnElement[bool]:
    return (token.c.connection_id == grant.connection_id) & (token.c.version == grant.version)


def _refused(message: str) -> ConfigurationError:
    return ConfigurationError(message, next_step="Go back to the connection and press Connect again.")
