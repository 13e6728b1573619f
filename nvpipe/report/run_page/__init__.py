"""`nvpipe report`: a page of a run that needs nothing but a browser."""
