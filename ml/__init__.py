"""The pure core: scoring, text analysis, metrics, model back ends, simulator.

Nothing here imports Django, and importing a module here never loads torch or
transformers: those are imported inside the functions that use a model.
"""
