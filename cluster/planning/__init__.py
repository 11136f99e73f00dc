"""From measured figures to nodes and cost."""
