"""The JSON Schema of a mapping file, for editors: made from the model, shipped as `schema.json` in this package."""

from __future__ import annotations

import json
from importlib import resources

from airflow_provider_ipaas.mapping.model import MappingFile


def generated() -> str:
    """Make the schema from the model."""
    schema = MappingFile.model_json_schema()
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    for name in ("SalesforceEnd", "IPaaSEnd"):
        # A plain word is short for {field: word}.
        schema["$defs"][name] = {"anyOf": [{"type": "string"}, schema["$defs"][name]]}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def published() -> str:
    """Return the schema as it is shipped."""
    return resources.files(__package__).joinpath("schema.json").read_text("utf-8")
