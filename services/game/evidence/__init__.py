"""Evidence packs: all that an auditor needs of a campaign in one signed zip, kept two years after its end."""
