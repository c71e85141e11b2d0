"""What is deployed: data, a trained network and its figure of merit."""
