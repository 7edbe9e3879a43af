"""The bridge's own memory."""
