"""Use cases from a Snapshot to a model's answer: render, route, cache, keep within budget, call, meter, remember."""
