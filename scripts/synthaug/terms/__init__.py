"""The words of the experiment, as they stand in configs, file names and tables."""
