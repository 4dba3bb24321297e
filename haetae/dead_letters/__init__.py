"""What a person does with dead letters: look, put back, give up."""
