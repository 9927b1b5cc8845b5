"""The reader study: blinded packs, readers' answers, their scores, and the web pages on which they are given."""
