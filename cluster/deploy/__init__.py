"""The services brought onto a cluster that runs already, and the jobs an operator submits to it."""
