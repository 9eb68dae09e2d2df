"""What each process of the token storm does: work like task after task, with tokens that end all the time."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, field

from airflow_provider_ipaas.tokens import Cipher, TokenStore
from tests.tokens.support import KEY, a_client, the_app

_CALLS_PER_TASK = 25


@dataclass
class Worked:
    """What one process came to."""

    calls: int = 0
    tasks: int = 0
    failures: list[str] = field(default_factory=list)


def work(store_url: str, sandbox_url: str, seconds: float) -> Worked:
    """Call Salesforce for so long; each task has a client of its own, as in Airflow."""
    done = Worked()
    deadline = time.monotonic() + seconds
    app = the_app(sandbox_url)
    with closing(TokenStore.open(store_url, Cipher([KEY]))) as store:
        while time.monotonic() < deadline:
            done.tasks += 1
            with a_client(app, store) as client:
                for _ in range(_CALLS_PER_TASK):
                    try:
                        client.resources()
                    except Exception as error:
                        done.failures.append(f"{type(error).__name__}: {error}")
                    done.calls += 1
    return done
