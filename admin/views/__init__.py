"""The pages: every table as a list with a page for each row, and the first page."""
