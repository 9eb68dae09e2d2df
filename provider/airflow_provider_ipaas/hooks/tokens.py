"""Open the token store that a deployment uses: beside its ledger, encrypted with Airflow's Fernet keys."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL

from airflow_provider_ipaas.hooks._opened import Opened
from airflow_provider_ipaas.hooks.ledger import DEFAULT_CONN_ID, ledger_url
from airflow_provider_ipaas.tokens import Cipher, TokenStore

_open: Opened[TokenStore] = Opened()


def open_token_store() -> TokenStore:
    """Open the token store; open ones are shared within the process.

    It is a table in the PostgreSQL database of the connection that `[ipaas] token_store_conn_id` names (default
    `ipaas_ledger`), or a file of its own beside an SQLite ledger. Raises ConfigurationError without a Fernet key, and as
    `open_ledger` does.
    """
    from airflow.sdk import conf

    keys = conf.get("core", "fernet_key", fallback="") or ""
    cipher = Cipher([key for part in keys.split(",") if (key := part.strip())])
    url = token_store_url(ledger_url(conf.get("ipaas", "token_store_conn_id", fallback="") or DEFAULT_CONN_ID))
    return _open.get(url, lambda: TokenStore.open(url, cipher), also=keys)


def token_store_url(ledger: URL) -> URL:
    """Return where the tokens of a ledger are: its own database, or the file `tokens.db` beside its file."""
    if ledger.get_backend_name() != "sqlite":
        return ledger
    path = Path(str(ledger.database))
    return ledger.set(
        database=str(path.with_name("tokens.db" if path.name == "ledger.db" else f"{path.stem}-tokens.db"))
    )
