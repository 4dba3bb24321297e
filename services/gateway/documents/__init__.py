"""A case and its notices on paper: for a file, a court, a form that wants a document."""
