"""Files: written whole or not at all, guarded by locks, described by records; and tables that users give."""
