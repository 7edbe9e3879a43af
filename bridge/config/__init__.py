"""The settings file: every option, its default, and every mistake at once."""

from bridge.config.secret import read_secret, read_secrets
from bridge.config.sections import Config, Schedule
from bridge.config.sections import Portal as PortalSection
from bridge.config.source import Source as SourceSection
from schemas.addresses import is_loopback

__all__ = ["Config", "PortalSection", "Schedule", "SourceSection", "is_loopback", "read_secret", "read_secrets"]
