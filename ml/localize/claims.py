"""What is named and not shown: findings that have only to be ticked, and every tick."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ml import taxonomy
from ml.localize.answered import Answered
from ml.localize.credit import verdict_share
from ml.localize.earned import HIT_VERDICT, NOTHING_LOST, Earned, outcome_of
from ml.localize.model import Mark, Region, Tick, TickOutcome, Truth, TruthOutcome
from ml.localize.naming import MALPOSITION, is_device, label_share, position_of, position_said
from ml.localize.sides import BOTH, side_of, side_of_truth, side_share


class Claims:
    """The claims of an answer by name: labels, sides and positions."""

    def __init__(self, answer: Answered) -> None:
        self.answer = answer

    def share_of_tick(self, truth: Truth, region: Region, tick: Tick) -> float:
        """What a tick says of a drawn finding, by its label and, where it has one, its side."""
        side = truth.side or side_of([region.box])
        fits = label_share(truth, tick.label, self.answer.weights.vague)
        return fits * side_share(truth.label, side, tick.side)

    def is_alarmed(self, truth: Truth) -> bool:
        """Whether a device that lies wrong was called so by a tick."""
        ticked = any(tick.label == MALPOSITION for tick in self.answer.ticks)
        return ticked and position_of(truth) == "wrong"

    def named_row(self, truth: Truth) -> TruthOutcome:
        """A finding that needs no place, by the best tick or mark that names it."""
        best, label, side, verdict, by = 0.0, 0.0, 1.0, 1.0, None
        halved = self._is_said_of_the_other_side(truth)
        for slug, said, position, mark in self._claims(truth):
            fits = label_share(truth, slug, self.answer.weights.vague)
            sided = self._sided(truth, said)
            if sided == 1.0 and halved:
                sided = 0.5
            judged = verdict_share(position_of(truth), position, self.answer.weights)
            if fits * sided * judged > best or (fits > label and not best):
                best, label, side, verdict, by = fits * sided * judged, fits, sided, judged, mark
        best = max(best, self._described(truth))
        weight = 0.0 if self.answer.normal else self.answer.weight_of(truth)
        because = "side" if side < 1.0 else "vague_label" if 0 < label < 1.0 else "missed"
        if verdict < 1.0 and side == 1.0:
            because = (
                "unsaid_position" if verdict in self.answer.weights.unsaid.values() else "position"
            )
        outcome = "hit" if best >= HIT_VERDICT and label == 1.0 else "missed"
        if outcome != "hit" and label == 1.0:
            outcome = "poorly_located"
        elif 0 < best < 1.0 and label < 1.0:
            outcome = "wrong_label"
        return TruthOutcome(
            truth.id, None, truth.label, outcome, mark=by, earned=best * weight, possible=weight,
            because="" if best >= NOTHING_LOST else because,
        )  # fmt: skip

    def _claims(self, truth: Truth) -> Iterator[tuple[str, str, str, str | None]]:
        """Label, side, position and mark of all that may name a finding.

        A tick is not asked for a position; who ticks a misplaced device, and not that it is
        misplaced, has not said it.
        """
        alarmed = self.is_alarmed(truth)
        for tick in self.answer.ticks:
            silent = position_of(truth) == "wrong" and not alarmed
            yield tick.label, tick.side, "" if silent else position_of(truth), None
        named: dict[str, list[Mark]] = {}
        for mark in self.answer.marks:
            named.setdefault(mark.label, []).append(mark)
            said = position_said(mark) or ("wrong" if alarmed else "")
            yield mark.label, _side_of_mark(mark), said, mark.id
        for slug, marks in named.items():
            if not is_device(slug) and {"left", "right"} <= {_side_of_mark(one) for one in marks}:
                yield slug, BOTH, position_of(truth), marks[0].id

    def _described(self, truth: Truth) -> float:
        """For naming all that a finding implies, two labels at least, without its own name."""
        known = taxonomy.labels().get(truth.label)
        implied = known.implies if known else ()
        if len(implied) < 2:
            return 0.0
        said = {
            (taxonomy.clinical_group_of(slug), self._sided(truth, side))
            for slug, side, _, _ in self._claims(truth)
        }
        sides = [
            max(
                (side for group, side in said if group == taxonomy.clinical_group_of(one)),
                default=0,
            )
            for one in implied
        ]
        return self.answer.weights.described * min(sides)

    def _is_said_of_the_other_side(self, truth: Truth) -> bool:
        """Whether a claim of a finding's own label lies on a side that has nothing of it."""
        own = [
            one
            for one in self.answer.all_truths()
            if label_share(one, truth.label, self.answer.weights.vague) == 1.0
        ]
        return any(
            label_share(truth, slug, self.answer.weights.vague) == 1.0
            and not any(side_share(one.label, side_of_truth(one), said) for one in own)
            for slug, said, _, _ in self._claims(truth)
        )

    def _sided(self, truth: Truth, said: str) -> float:
        """How far a side fits; both sides fit a finding of one that another has on the other."""
        there = {one.side for one in self.answer.named if one.label == truth.label}
        if said == BOTH and (BOTH in there or there >= {"left", "right"}):
            return 1.0
        return side_share(truth.label, truth.side, said)

    def tick_row(self, tick: Tick, rows: Sequence[Earned]) -> TickOutcome:
        """A tick is true, or free, where it names or follows from something that is there.

        Of a finding that has to be drawn, and is found by its place, another side is a claim of
        its own: it costs as far as it is not true.
        """
        for truth in self.answer.named:
            if label_share(truth, tick.label, self.answer.weights.vague):
                sided = self._sided(truth, tick.side)
                outcome = "hit" if sided == 1.0 else "poorly_located"
                cost = self.answer.price_of_more(tick.label, self.answer.all_truths())
                return TickOutcome(tick.label, outcome, truth.id, tick.side, cost)
        price = self.answer.price(tick.label)
        named = [
            (self._side_of_tick(truth, tick), row)
            for row, (truth, _) in enumerate(self.answer.regions)
            if label_share(truth, tick.label, self.answer.weights.vague)
        ]
        if not named:
            return TickOutcome(tick.label, "false", None, tick.side, price)
        sided, row = max(named, key=lambda one: one[0])
        truth = self.answer.regions[row][0]
        if not sided:
            return TickOutcome(tick.label, "false", truth.id, tick.side, price)
        hit = sided == 1.0 and outcome_of(rows[row]) == "hit"
        outcome = "hit" if hit else "poorly_located"
        cost = max(
            price * (1.0 - sided), self.answer.price_of_more(tick.label, self.answer.all_truths())
        )
        return TickOutcome(tick.label, outcome, truth.id, tick.side, cost)

    def _side_of_tick(self, truth: Truth, tick: Tick) -> float:
        """How far a ticked side fits all that was drawn of the kind."""
        sides = {
            one.side or side_of([region.box])
            for one, region in self.answer.regions
            if label_share(one, tick.label, self.answer.weights.vague)
        }
        if "" in sides:
            return 1.0
        whole = BOTH if len(sides) > 1 else min(sides)
        return 1.0 if tick.side in sides else side_share(truth.label, whole, tick.side)


def _side_of_mark(mark: Mark) -> str:
    return mark.side or side_of([mark.box])
