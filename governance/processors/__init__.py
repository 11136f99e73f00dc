"""Third parties that received personal data, each behind one protocol."""
