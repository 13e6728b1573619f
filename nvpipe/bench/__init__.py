"""What `nvpipe bench` measures: encoders against a lossless composition."""
