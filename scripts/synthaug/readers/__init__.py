"""The reader study: blinded packs, readers' answers, what they are worth, and the pages they are given on."""
