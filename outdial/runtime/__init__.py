"""What every process needs: settings, logs, metrics, health, signals, command line. Knows no business word."""
