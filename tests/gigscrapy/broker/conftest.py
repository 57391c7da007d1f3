from tests.services.fixtures import rabbit_url, rabbitmq

__all__ = ["rabbit_url", "rabbitmq"]
