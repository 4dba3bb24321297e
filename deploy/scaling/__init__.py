"""How many pods the rendered scalers ask for: their rule, without a cluster."""
