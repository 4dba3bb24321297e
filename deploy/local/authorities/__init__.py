"""Two time-stamp authorities (RFC 3161) on this machine, with roots of their own: they prove nothing to others."""
