"""A storm of findings on real evidence services, and the rendered scaler's rule that starts and stops them."""
