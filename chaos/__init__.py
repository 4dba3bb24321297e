"""The running house through faults, and what must be true of it afterwards."""
