"""What one of several processes learns in a moment, started by `test_processes.py`.

Tells number and steps, and a hash of its weights; leaves `saved-NUMBER` in the folder if it writes.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from test_training import MIXTURE, model, new_sampler

from crsdemo.training.lm.loop import LearnFlags, learn
from crsdemo.training.lm.processes import Processes

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    sampler = new_sampler()
    torch.manual_seed(0)
    one = model(sampler)
    number = Processes.joined().number
    flags = LearnFlags(state=folder / f"state-{number}.pt", minutes=0.05, tokens=200)
    learn(flags, one, sampler, MIXTURE, (folder / f"saved-{number}").touch)
    weights = torch.cat([p.detach().flatten() for p in one.parameters()])
    digest = hashlib.sha256(weights.numpy().tobytes()).hexdigest()
    drawn = int(sampler.rng.integers(1 << 30))  # each has drawn its own
    (folder / f"told-{number}").write_text(f"{digest} {drawn}")
    dist.destroy_process_group()
