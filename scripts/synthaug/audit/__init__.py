"""What a finished run can prove: the lineage of its training sets, verified records, an RO-Crate to publish."""
