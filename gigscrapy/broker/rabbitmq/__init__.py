"""RabbitMQ behind the broker's contract: a link, and over it a publisher with its outbox, or a receiver."""
