"""Table files of people: found, read in pieces, columns and targets told."""
