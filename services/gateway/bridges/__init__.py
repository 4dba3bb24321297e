"""Public events over HTTP, for agencies without Kafka."""
