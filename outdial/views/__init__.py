"""The record views in PostgreSQL: what people look at and download, computed from the log and from nothing else."""
