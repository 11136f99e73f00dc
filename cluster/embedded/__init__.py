"""The servers a laptop runs itself: PostgreSQL and S3, the same parts as in production."""
