"""What every runner shares: its job, the way to the sandbox, and what it has to tell. Needs nothing but requests.

A runner is a program of its own, in the environment of the peer that it runs: `python RUNNER JOB`, where JOB is a JSON
file with `url` (of the sandbox's Salesforce), `token`, `client_id`, `client_secret`, `refresh_token`, `fields`, `folder`
(to write into) and `result` (where to put what was measured).
"""

import json
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import requests

JOB = json.loads(Path(sys.argv[1]).read_text())
_clock = {}
SOQL = f"SELECT {', '.join(JOB['fields'])} FROM Account"


def stay_local():
    """Send what a peer would send to Salesforce to the sandbox: their hosts and https are fixed in their code."""
    real = requests.Session.send
    here = JOB["url"]
    hosts = ("https://login.salesforce.com", "https://test.salesforce.com", "https://" + here.split("//")[1])

    def send(self, request, **kwargs):
        if "/query" in request.url and "started" in _clock and "reading" not in _clock:
            # What came before (login, describe) is not reading.
            _clock.update(reading=True, started=time.monotonic(), cpu=time.process_time())
        for host in hosts:
            if request.url.startswith(host):
                request.url = here + request.url[len(host) :]
        return real(self, request, **kwargs)

    requests.Session.send = send


@contextmanager
def measured():
    """Measure the time and processor time of what is inside, from the first query on; yields what is to be told.

    With `count`, a function, the records are counted once the clock has stopped.
    """
    told = {}
    _clock.update(started=time.monotonic(), cpu=time.process_time())
    yield told
    told.update(wall_s=time.monotonic() - _clock["started"], cpu_s=time.process_time() - _clock["cpu"])
    if "count" in told:
        told["records"] = told.pop("count")()
    Path(JOB["result"]).write_text(json.dumps(told))


def lines_with(path, text):
    """Count the lines of a file that hold a text."""
    with path.open() as lines:
        return sum(text in line for line in lines)
