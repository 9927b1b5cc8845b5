"""Tasks that live in the tests alone: folders to be laid over a copy of the workflow."""
