"""Narrations into captions: cues, styles, bitmaps, subtitle files."""
