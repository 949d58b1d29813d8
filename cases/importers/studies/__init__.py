"""What the importer of DICOM studies is made of: archives, headers, stacks and a sheet of facts."""
