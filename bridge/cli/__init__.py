"""The commands, a module a room: setting up, working, looking, practising."""

from bridge.cli import look, play, setup, work
from bridge.cli.app import app

__all__ = ["app", "look", "play", "setup", "work"]
