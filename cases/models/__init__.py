"""The case library, and what curators and their browsers bring to it."""

from cases.models.base import PublicIdModel, label_choices, new_public_id, new_token
from cases.models.desk import CaseChange, DoubtAnswer, LabelMapping, SecondReading
from cases.models.layers import Layer, layer_path
from cases.models.library import Case, Dataset, Image, rendition_path
from cases.models.truth import Finding, ReferenceReport, Region
from cases.models.uploads import BlackOut, StudySeries, Upload, UploadFile

__all__ = [
    "BlackOut",
    "Case",
    "CaseChange",
    "Dataset",
    "DoubtAnswer",
    "Finding",
    "Image",
    "LabelMapping",
    "Layer",
    "PublicIdModel",
    "ReferenceReport",
    "Region",
    "SecondReading",
    "StudySeries",
    "Upload",
    "UploadFile",
    "label_choices",
    "layer_path",
    "new_public_id",
    "new_token",
    "rendition_path",
]
