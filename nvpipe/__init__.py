"""Articles and gameplay footage in, narrated and captioned vertical shorts out."""

__version__ = "0.1.0"
