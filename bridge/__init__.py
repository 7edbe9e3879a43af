"""The recuperation bridge: what one run does."""

__version__ = "0.1.0"
