"""Public events sent to where an agency wants them: signed, in order, again until they are taken."""
