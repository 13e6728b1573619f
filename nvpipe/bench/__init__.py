"""What `nvpipe bench` measures: encoders at equal quality, decoders, scoring, and whole jobs."""
