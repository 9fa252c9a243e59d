"""Add Data: files wait in the data folder, are read one by one per campaign, end committed or rejected."""
