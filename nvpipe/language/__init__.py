"""What is known of languages: data that reading and saying share."""
