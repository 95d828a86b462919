"""Structured logs: one JSON object a line, with the request's or job's id on each."""

import logging
import sys

import structlog


def set_up(*, log_format: str, level: int = logging.INFO) -> None:
    """Send all logs of the process, libraries included, through structlog to stderr."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # The SDK tells each request with its address, and sessions stand in addresses.
    for chatty in ("stripe", "huey"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def bind(**values: str) -> None:
    """Put values on every further line of this request or job."""
    structlog.contextvars.bind_contextvars(**values)


def clear() -> None:
    """Forget what was bound."""
    structlog.contextvars.clear_contextvars()
