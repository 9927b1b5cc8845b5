"""What a finished run can prove: the lineage of its training sets, verified and signed records, an RO-Crate."""
