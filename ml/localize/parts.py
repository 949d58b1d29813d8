"""Findings that spread or come in parts: what all marks of their label earn together."""

from __future__ import annotations

from collections.abc import Sequence

from ml import boxes, taxonomy
from ml.boxes import Box
from ml.localize.answered import Answered
from ml.localize.areas import best_together, clipped
from ml.localize.credit import Credit, spots
from ml.localize.earned import Earned, earned_by
from ml.localize.sides import MIDDLE


class Parts:
    """The rows of an answer that are judged together, and the marks that are parts of them."""

    def __init__(self, answer: Answered) -> None:
        self.answer = answer
        self.rows_of: dict[int, list[int]] = {}
        """Mark that is a part of a finding → the rows of that finding."""
        self.earned: dict[int, Earned] = {}
        """Row → what all marks of its label together earn of it."""
        for cluster in self._clusters():
            self.earned |= self._joined(cluster)

    def _clusters(self) -> list[list[int]]:
        """Rows in parts of one label, image and frame; the sides of the image apart."""
        found: dict[tuple[str, str, int], list[int]] = {}
        for row, (truth, region) in enumerate(self.answer.regions):
            label = taxonomy.labels().get(truth.label)
            if label and label.is_in_parts and region.point is None:
                group = (label.clinical_group, region.image, region.frame)
                found.setdefault(group, []).append(row)
        return [side for rows in found.values() for side in self._sides(rows)]

    def _sides(self, rows: list[int]) -> list[list[int]]:
        """Rows left and right of the middle, where some lie on each side; else all together."""
        ends = {
            row: (self.answer.regions[row][1].box[0], self.answer.regions[row][1].box[2])
            for row in rows
        }
        first = [row for row in rows if ends[row][1] <= MIDDLE]
        second = [row for row in rows if ends[row][0] >= MIDDLE]
        rest = [row for row in rows if row not in first and row not in second]
        return [first, second, *([row] for row in rest)] if first and second else [rows]

    def _joined(self, cluster: list[int]) -> dict[int, Earned]:
        """What all marks of the label together earn of each row of a cluster."""
        truth = [self.answer.regions[row][1].box for row in cluster]
        low, high = self._reach(cluster)
        labels: dict[int, float] = {}
        for row in cluster:
            for column, credit in self.answer.credits[row].items():
                if credit.label and credit.place >= self._belongs(column, truth, low, high):
                    labels[column] = max(labels.get(column, 0.0), credit.label)
        for column in labels:
            self.rows_of.setdefault(column, []).extend(cluster)
        parts = [clipped(self.answer.marks[column].box, low, high) for column in labels]
        kept = [part for part in parts if part]
        if not kept:
            return {}
        iou = best_together(truth, kept)
        extent, label = min(1.0, iou / self.answer.weights.full_iou), max(labels.values())
        alone = self.answer.is_one_sided(*self.answer.regions[cluster[0]])
        column = max(labels, key=lambda one: (labels[one], -one))
        found = {}
        for row, box in zip(cluster, truth, strict=True):
            at = spots(box, boxes.as_boxes(kept), self.answer.weights, alone)
            place = float(at.place.max())
            credit = Credit(place, label, extent * place, iou)
            found[row] = earned_by(credit, column, self.answer.weights)
        return found

    def _reach(self, cluster: list[int]) -> tuple[float, float]:
        """The vertical lines between which marks count for a cluster: its half, or all."""
        group = [row for row in self._all_of(cluster[0]) if row not in cluster]
        if not group:
            return 0.0, 1.0
        if all(self.answer.regions[row][1].box[2] <= MIDDLE for row in cluster):
            return 0.0, MIDDLE
        if all(self.answer.regions[row][1].box[0] >= MIDDLE for row in cluster):
            return MIDDLE, 1.0
        return 0.0, 1.0

    def _all_of(self, row: int) -> list[int]:
        label = taxonomy.clinical_group_of(self.answer.regions[row][0].label)
        image = self.answer.regions[row][1].image
        return [
            other
            for other, (truth, region) in enumerate(self.answer.regions)
            if taxonomy.clinical_group_of(truth.label) == label and region.image == image
        ]

    def _belongs(self, column: int, truth: Sequence[Box], low: float, high: float) -> float:
        """The place asked of a mark on one region; one that holds several is judged by them all."""
        part = clipped(self.answer.marks[column].box, low, high)
        around = best_together(truth, [part]) if part else 0.0
        return 0.0 if around >= self.answer.weights.belongs else self.answer.weights.belongs
