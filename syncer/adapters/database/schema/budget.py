"""What all workers may use only so much of together."""

from __future__ import annotations

from sqlalchemy import Double
from sqlalchemy.orm import Mapped, mapped_column

from syncer.adapters.database.schema.base import Base


class BudgetRow(Base):
    """A line that everybody stands in: what is paid for lasts until ``free_at``, in Unix time."""

    __tablename__ = "budgets"

    name: Mapped[str] = mapped_column(primary_key=True)
    free_at: Mapped[float] = mapped_column(Double)
