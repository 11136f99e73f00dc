"""What goes over the wire, one file per noun. Unknown fields in requests are errors."""
