"""Everything that touches libav."""
