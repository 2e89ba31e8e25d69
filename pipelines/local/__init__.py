"""How a run uses this machine when no cluster was named: small bundles, shuffles on disk."""
