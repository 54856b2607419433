"""What a process that is traced has to know."""

from pydantic import Field
from pydantic_settings import BaseSettings


class TracingSettings(BaseSettings):
    """Where spans go, and which. Durations are in seconds."""

    traces_url: str = ""
    """Where Zipkin's format is taken: `http://zipkin:9411/api/v2/spans`; empty is nowhere."""
    traces_sample: float = Field(default=0.1, ge=0, le=1)
    """Which part of the traces is kept whole, of those that begin here; else their parent says."""
    traces_slow: float = Field(default=1.0, gt=0)
    """From when on something is kept for having been slow."""
