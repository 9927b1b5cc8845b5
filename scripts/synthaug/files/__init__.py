"""Files: written whole or not at all, guarded by locks, described by records; tables that users give."""
