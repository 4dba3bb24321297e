"""What agencies state to one another: issued, received into quarantine, accepted by two persons, withdrawn."""
