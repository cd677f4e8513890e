"""What a student lost of its teacher, and how much faster it is."""

from __future__ import annotations

from dataclasses import dataclass

from tabtransfer.number_text import significant

__all__ = ["DistillationReport"]


@dataclass(frozen=True)
class DistillationReport:
    """Losses on rows that neither teacher nor students saw, and seconds to predict them.

    Teacher and students of this comparison learned from the other rows alone; the student that
    `distill` returns learned from all.

    Parameters
    ----------
    metric : {"log loss", "root mean squared error"}
        What is lost.
    teacher, student, labels_alone : float
        Losses of the teacher, of the student, and of the same trees taught by labels alone.
    n_rows : int
        Rows that were held out.
    teacher_seconds, student_seconds : float
        Seconds to predict them, columns encoded.

    Examples
    --------
    >>> from tabtransfer.distillation.report import DistillationReport
    >>> print(DistillationReport("log loss", 0.30, 0.32, 0.40, 200, 2.0, 0.02))
    log loss of 200 held-out rows: teacher 0.3, student 0.32, the same trees taught by labels \
alone 0.4; the student keeps 80 % of what the teacher gains on them, and is 100 times as fast.
    """

    metric: str
    teacher: float
    student: float
    labels_alone: float
    n_rows: int
    teacher_seconds: float
    student_seconds: float

    @property
    def speedup(self) -> float:
        """How many times as fast as the teacher the student is."""
        return self.teacher_seconds / max(self.student_seconds, 1e-9)

    @property
    def kept(self) -> float:
        """Share of the teacher's gain on trees taught by labels; NaN where there is none."""
        gain = self.labels_alone - self.teacher
        return (self.labels_alone - self.student) / gain if gain > 0 else float("nan")

    def __str__(self) -> str:
        losses = ", ".join(
            f"{name} {significant(value)}"
            for name, value in (
                ("teacher", self.teacher),
                ("student", self.student),
                ("the same trees taught by labels alone", self.labels_alone),
            )
        )
        if self.kept != self.kept:
            kept = "the teacher gains nothing on them"
        else:
            kept = f"the student keeps {100 * self.kept:.0f} % of what the teacher gains on them"
        return (
            f"{self.metric} of {self.n_rows} held-out rows: {losses}; {kept}, and is "
            f"{significant(self.speedup, 2)} times as fast."
        )
