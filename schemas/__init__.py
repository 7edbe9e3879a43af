"""Shapes and names: what the bridge talks about. Nothing here touches the world."""
