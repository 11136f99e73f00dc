"""Questions to support (P3.2, P12.1): tickets whose texts and attachments are artifacts of the person who asked."""
