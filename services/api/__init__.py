"""The HTTP edge: commands in, views and downloads out, live updates, the console. Decides nothing itself."""
