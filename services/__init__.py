"""The services: islands that know one another's events only."""

SERVICES = ("crawler", "classifier", "evidence", "drafter", "gateway", "notifier")
