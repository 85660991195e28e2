"""Messages to other systems: told with what happened, sent signed and in order until they arrive."""
