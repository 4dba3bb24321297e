"""What an operator watches: objectives, alerts, dashboards. `make observability` writes what is made here."""
