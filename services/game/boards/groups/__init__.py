"""Groups of friends and family: whoever has a code joins one, and its members see each other on boards."""
