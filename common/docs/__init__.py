"""Documents that cannot rot: their commands, links, quoted code and pictures, read and checked."""
