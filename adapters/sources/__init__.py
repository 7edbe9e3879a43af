"""Where offline records come from."""
