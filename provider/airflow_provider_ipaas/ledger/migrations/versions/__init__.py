"""One file per version of the ledger's tables; a released one never changes."""
