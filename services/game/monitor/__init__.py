"""The monitor: it follows the logs and raises an alert where draws do not have the published odds."""
