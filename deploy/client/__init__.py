"""The typed client of the gateway's API, made from its description: nothing of it is written by hand or kept here."""
