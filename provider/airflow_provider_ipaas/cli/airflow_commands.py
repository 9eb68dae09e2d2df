"""What the `airflow` command learns from this provider: no commands, but the token store follows `rotate-fernet-key`.

Airflow re-encrypts its own tables only. Whoever then drops the old key, as its documentation says, would lose every
stored token.
"""

from __future__ import annotations

import os
import sys
from typing import Any


def get_commands() -> list[Any]:
    """Register for the end of Airflow's commands; called by every `airflow` command, so it imports next to nothing."""
    from airflow.utils.cli_action_loggers import register_post_exec_callback

    register_post_exec_callback(follow_fernet_key)  # type: ignore[no-untyped-call]  # Airflow types it not
    return []


def follow_fernet_key(*, sub_command: str = "", error: BaseException | None = None, **_: Any) -> None:
    """Encrypt the stored tokens with the first Fernet key after `airflow rotate-fernet-key` has done so with the rest."""
    if sub_command != "rotate_fernet_key" or error is not None:
        return
    from airflow_provider_ipaas.errors import IPaaSSyncError
    from airflow_provider_ipaas.hooks.tokens import encrypt_anew

    # Connections are looked up in the metadata database, too.
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    try:
        count = encrypt_anew()
    except IPaaSSyncError as failure:
        sys.stderr.write(
            "airflow-provider-ipaas: the stored Salesforce tokens are NOT encrypted with the new Fernet key yet; keep the old "
            f"key until `airflow-ipaas tokens rotate-fernet-key` works. {failure}\n"
        )
        return
    if count:
        sys.stdout.write(
            f"airflow-provider-ipaas: encrypted {count} stored Salesforce grant(s) with the new Fernet key.\n"
        )
