"""tap-salesforce (REST): discovery, then one full read of Accounts to a file."""

import json
import sys
from pathlib import Path

from _job import JOB, lines_with, measured, stay_local

stay_local()
folder = Path(JOB["folder"])
config = {
    "client_id": JOB["client_id"],
    "client_secret": JOB["client_secret"],
    "refresh_token": JOB["refresh_token"],
    "start_date": "2000-01-01T00:00:00Z",
    "api_type": "REST",
    "select_fields_by_default": False,
    "quota_percent_total": 99,
    "quota_percent_per_run": 99,
}
(folder / "config.json").write_text(json.dumps(config))

import tap_salesforce  # noqa: E402

real, sys.stdout = sys.stdout, (folder / "catalog.json").open("w")
sys.argv = ["tap-salesforce", "--config", str(folder / "config.json"), "--discover"]
tap_salesforce.main_impl()
sys.stdout.close()
catalog = json.loads((folder / "catalog.json").read_text())
catalog["streams"] = [stream for stream in catalog["streams"] if stream["tap_stream_id"] == "Account"]
for entry in catalog["streams"][0]["metadata"]:
    name = entry["breadcrumb"][-1] if entry["breadcrumb"] else ""
    entry["metadata"]["selected"] = not name or name in JOB["fields"]
(folder / "catalog.json").write_text(json.dumps(catalog))
# A rotated token is written back to this file by the tap itself.
sys.argv = [
    "tap-salesforce", "--config", str(folder / "config.json"), "--properties", str(folder / "catalog.json"),
]  # fmt: skip
sys.stdout = (folder / "records.jsonl").open("w")
with measured() as told:
    tap_salesforce.main_impl()
    sys.stdout.flush()
    told["count"] = lambda: lines_with(folder / "records.jsonl", '"RECORD"')
