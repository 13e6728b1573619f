"""Font files shipped with nvpipe; ORIGIN.txt says where each one comes from."""
