"""airbyte-source-salesforce (REST): one full read of Accounts to a file."""

import json
import os
import sys
from pathlib import Path

from _job import JOB, lines_with, measured, stay_local

stay_local()
folder = Path(JOB["folder"])
config = {
    "auth_type": "Client",
    "client_id": JOB["client_id"],
    "client_secret": JOB["client_secret"],
    "refresh_token": JOB["refresh_token"],
    "is_sandbox": False,
    "start_date": "2000-01-01T00:00:00Z",
    "stream_slice_step": "P100Y",
}
properties = {name: {"type": ["string", "null"]} for name in JOB["fields"]}
catalog = {
    "streams": [
        {
            "stream": {
                "name": "Account",
                "json_schema": {"type": "object", "properties": properties},
                "supported_sync_modes": ["full_refresh", "incremental"],
            },
            "sync_mode": "full_refresh",
            "destination_sync_mode": "overwrite",
        }
    ]
}
(folder / "config.json").write_text(json.dumps(config))
(folder / "catalog.json").write_text(json.dumps(catalog))

from source_salesforce.run import run  # noqa: E402

sys.argv = [
    "source-salesforce",
    "read",
    "--config",
    str(folder / "config.json"),
    "--catalog",
    str(folder / "catalog.json"),
]
out = os.open(folder / "records.jsonl", os.O_CREAT | os.O_WRONLY)
os.dup2(out, 1)
with measured() as told:
    run()
    sys.stdout.flush()
    told["count"] = lambda: lines_with(folder / "records.jsonl", '"type":"RECORD"')
