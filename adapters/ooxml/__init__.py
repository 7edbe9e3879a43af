"""An xlsx file as bytes: its parts, and where rows and cells stand in them. It lies below all who change a file and keep the rest of it."""
