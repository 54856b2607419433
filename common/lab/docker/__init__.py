"""The Docker engine: hands a compose.yaml to Docker Compose; the truth about it lies in Docker."""
