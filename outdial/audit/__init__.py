"""For auditors: proves a history unedited, folds it to any moment, hands it out. Reads the log, writes nothing."""
