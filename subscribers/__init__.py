"""For agencies that subscribe: small consumers in three languages, and a test of their own one."""
