"""One file per version of the token store's tables; a released one never changes."""
