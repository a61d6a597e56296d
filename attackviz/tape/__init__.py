"""The tape: events on disk, as Parquet segments by day and hour; nothing to install.

`Tape` is the handle of one directory. One process writes, many read: segments
appear whole under names that carry their range of sequence numbers, a wider
range supersedes those it contains, and any Parquet tool opens them.

- `segments` names and lists them, `files` writes them, `columns` says what is in them;
- `seen` knows the ids of an hour's events, `lock` lets one process write;
- `append` takes events in, `follow` gives them in the order they came;
- `merge` makes few of many segments, `keeper` has it done in time, `verify` finds damage;
- `asking` counts by combinations of values, `counting` answers the store's questions with them.
"""

from .append import Appended
from .tape import Tape
from .verify import Damage, Verified

__all__ = ["Appended", "Damage", "Tape", "Verified"]
