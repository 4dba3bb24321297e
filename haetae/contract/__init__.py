"""The contract with those who read events: every revision of every schema, kept; what may change; AsyncAPI."""
