"""演练平台: the portal stand-in, its ledgers and its mailbox."""
