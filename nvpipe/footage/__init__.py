"""Footage: the library, what happens in it, and which parts to show."""
