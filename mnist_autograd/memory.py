"""What the C library does with arrays that are freed."""

import numpy as np


def keep_freed_arrays() -> None:
    """Let the C library keep what one step of a computation frees, for the next step.

    glibc gives the end of its heap back to the system once as much is free there as twice the largest array that was
    freed so far, up to 64 MB. So freeing one large array, which is never written to, is enough. Without it, a training
    that frees its graph at the end of each step had 840 page faults a step (784-256-10, batch 256) and took 1.6 times
    as long; cross_entropy of (256, 1000), forward and backward, took 5 times as long. Other C libraries are unaffected.
    """
    np.empty(2**25 - 2**16, np.uint8)
