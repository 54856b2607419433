"""The steps of the path: their patches, the history they make, and the exercises in them."""
