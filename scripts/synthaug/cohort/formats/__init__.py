"""What groups have, as rows of a case table: one module a format, and what all of them share."""
