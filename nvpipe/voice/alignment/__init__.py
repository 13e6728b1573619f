"""The words of recorded speech, found by aligning it with a reading of its text."""
