"""What platform services use: commands out, answers back, uploads with their personal data."""
