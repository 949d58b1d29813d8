"""The fourteen observations of CheXbert and its four classes, in the checkpoint's order."""

from __future__ import annotations

OBSERVATIONS = (
    "Enlarged Cardiomediastinum",
    "Cardiomegaly",
    "Lung Opacity",
    "Lung Lesion",
    "Edema",
    "Consolidation",
    "Pneumonia",
    "Atelectasis",
    "Pneumothorax",
    "Pleural Effusion",
    "Pleural Other",
    "Fracture",
    "Support Devices",
    "No Finding",
)
TOP_FIVE = ("Cardiomegaly", "Edema", "Consolidation", "Atelectasis", "Pleural Effusion")
CLASSES = ("blank", "positive", "negative", "uncertain")
"""Of each observation; No Finding has the first two only."""
CLASSES_OF_NO_FINDING = 2
POSITIVE = frozenset({"positive", "uncertain"})
"""Counted as stated when reports are compared: an uncertain one is, as published."""
