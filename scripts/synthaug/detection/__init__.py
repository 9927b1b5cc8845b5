"""Detection: slices with the boxes of their lesions, CPGGAN, detectors, measures and tables (Han et al.)."""
