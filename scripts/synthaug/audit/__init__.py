"""Proof after the fact: lineage of the training sets, verification of records, export as an RO-Crate."""
