"""What is said and what is kept: the message, the tables, the store."""
