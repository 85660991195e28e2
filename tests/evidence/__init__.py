"""Evidence packs: how they are made."""
