"""What a finished corpus is: configuration, shards, manifest, card; and that nothing was lost."""
