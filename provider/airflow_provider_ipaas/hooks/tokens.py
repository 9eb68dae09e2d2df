"""Open the token store that a deployment uses: beside its ledger, encrypted with Airflow's Fernet keys."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL

from airflow_provider_ipaas.hooks._opened import Opened
from airflow_provider_ipaas.hooks.ledger import DEFAULT_CONN_ID, ledger_url
from airflow_provider_ipaas.ledger import migrate
from airflow_provider_ipaas.tokens import Cipher, TokenStore
from airflow_provider_ipaas.tokens.tables import SCHEMA

_open: Opened[TokenStore] = Opened()


def open_token_store() -> TokenStore:
    """Open the token store; open ones are shared within the process.

    It is a table in the PostgreSQL database of the connection that `[ipaas] token_store_conn_id` names (default
    `ipaas_ledger`), or a file of its own beside an SQLite ledger. Raises ConfigurationError without a Fernet key, and as
    `open_ledger` does.
    """
    keys, url = _keys(), _url()
    return _open.get(url, lambda: TokenStore.open(url, Cipher(keys)), also=",".join(keys))


def encrypt_anew() -> int:
    """Encrypt every stored token with the first Fernet key; return how many grants another key had encrypted.

    Where there is no store yet, none is made. Raises as `open_token_store` does.
    """
    url = _url()
    if migrate.current(url, SCHEMA) is None:
        return 0
    return open_token_store().encrypt_anew()


def _keys() -> tuple[str, ...]:
    from airflow.sdk import conf

    keys = conf.get("core", "fernet_key", fallback="") or ""
    return tuple(key for part in keys.split(",") if (key := part.strip()))


def _url() -> URL:
    return token_store_url(ledger_url(token_store_conn_id()))


def token_store_conn_id() -> str:
    """Return the connection whose database holds the tokens."""
    from airflow.sdk import conf

    return conf.get("ipaas", "token_store_conn_id", fallback="") or DEFAULT_CONN_ID


def token_store_url(ledger: URL) -> URL:
    """Return where the tokens of a ledger are: its own database, or the file `tokens.db` beside its file."""
    if ledger.get_backend_name() != "sqlite":
        return ledger
    path = Path(str(ledger.database))
    return ledger.set(
        database=str(path.with_name("tokens.db" if path.name == "ledger.db" else f"{path.stem}-tokens.db"))
    )
