"""What the figure of evidence needs: findings of the sandbox's pages, and the memory of a process with its children."""
