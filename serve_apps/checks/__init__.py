"""What is looked at in photos before anything is paid, and who looks."""
