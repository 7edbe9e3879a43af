"""Everything that touches the world, one folder or file a port."""
