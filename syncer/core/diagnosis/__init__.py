"""What is known of the mistakes that installations have: how they are seen, and what is to be done."""
