"""Files, here and on remote storage, and the progress that is shown while they are worked on."""
