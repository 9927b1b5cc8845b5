"""Images of any format as arrays with a geometry: pictures, volumes, DICOM series; grids to sample them on."""
