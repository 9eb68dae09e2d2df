"""The subset of SOQL the sandbox understands; anything else is MALFORMED_QUERY."""
