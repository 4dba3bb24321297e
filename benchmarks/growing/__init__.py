"""What one kind of work costs when there is ten times as much of what it looks through."""
