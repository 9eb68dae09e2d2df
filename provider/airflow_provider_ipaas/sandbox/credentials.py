"""The fixed, public credentials of the sandbox; none of them opens anything else."""

from __future__ import annotations

from typing import Final

CONSUMER_KEY: Final = "sandbox-consumer-key"
CONSUMER_SECRET: Final = "sandbox-consumer-secret"  # noqa: S105
REFRESH_TOKEN: Final = "sandbox-refresh-token"  # noqa: S105
USERNAME: Final = "integration@sandbox.example"
ADMIN_USERNAME: Final = "admin@sandbox.example"
SALESFORCE_PASSWORD: Final = "sandbox-password"  # noqa: S105
ORG_ID: Final = "00D5g00000SandBEAR"
INTEGRATION_USER_ID: Final = "0055g00000IntegAAB"
ADMIN_USER_ID: Final = "0055g00000AdminAAB"

IPAAS_USERNAME: Final = "integration@sandbox.example"
IPAAS_PASSWORD: Final = "sandbox-password"  # noqa: S105
