"""Hybrid batches: settings, plan, sampler, collator."""
