"""What moves: spiders, pages, pipelines, broker, consumer."""
