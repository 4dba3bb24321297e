"""Who may do what at Kafka: one catalogue, out of the services' own tables, and everything that is made from it."""
