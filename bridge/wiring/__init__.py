"""The fuse boxes: the only rooms where adapters are plugged in, one for each that needs its own."""
