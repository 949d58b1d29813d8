class Refused(ValueError):
    """What cannot be done; the message is a sentence for whoever tried."""
