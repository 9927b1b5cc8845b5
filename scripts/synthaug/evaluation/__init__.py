"""Statistics on any task's measures: intervals, paired tests, operating points, comparisons, subgroups."""
