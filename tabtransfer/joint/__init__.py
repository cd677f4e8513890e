"""The joint distribution of a table's columns, by the pretrained network asked for each in turn."""
