"""What is told of a page by its words alone: whether it is a wall, what of a text it still has, how much it says."""
