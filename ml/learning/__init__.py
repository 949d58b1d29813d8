"""What a learner can do, how hard a case is, what is being forgotten, and what comes next.

Pure functions on one logit scale: a finding whose difficulty equals the learner's ability is found
half of the time.
"""
