"""Words for what differs between two films of one person; nothing of the simulator is needed."""

CHANGES = ("new", "larger", "smaller", "gone", "unchanged")
"""What a finding of the later film is against the earlier one; *gone* where only that shows it."""
TECHNIQUES = ("exposure", "contrast", "rotation", "breath")
"""What of the earlier film is otherwise: dose, processing, how the person stood, how deep they had
breathed in."""
