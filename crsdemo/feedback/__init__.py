"""The log, the only memory: all SQL, copies of the file, what an outbox still holds."""
