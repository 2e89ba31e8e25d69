"""Fine-tuning a dual encoder, from settings to the finished model."""
