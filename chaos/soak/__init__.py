"""The whole house for an hour at a steady rate: whether anything grows that should not."""
