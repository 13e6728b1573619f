"""What nvpipe remembers: plain JSON in the storage folder, never trusted, never needed."""
