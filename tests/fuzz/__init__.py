"""Hostile input for everything that reads: whatever comes in, it is understood or refused by a typed error."""
