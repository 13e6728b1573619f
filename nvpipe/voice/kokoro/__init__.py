"""Kokoro speaks, in a process of its own."""
