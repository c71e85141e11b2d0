"""What vendor C synthesis reports, by rules of the weights."""
