"""The main job on the practice portal: two days of a made-up city, judged against its own truth."""

from bridge.demo.drive import run_demo

__all__ = ["run_demo"]
