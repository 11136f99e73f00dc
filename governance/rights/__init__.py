"""What people may demand under GDPR articles 12 to 22, and what the data-protection officer answers for."""
