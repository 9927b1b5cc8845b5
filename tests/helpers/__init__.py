"""What tests of several packages share: made images, files and packs."""
