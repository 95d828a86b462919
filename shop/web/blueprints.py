"""Every face's routes and every command group, in one place."""

from click import Group
from flask import Blueprint

from shop.kernel.settings import Settings
from shop.web import admin, desk, machine, store

__all__ = ["all_of", "commands"]


def all_of(settings: Settings) -> tuple[Blueprint, ...]:
    """The blueprints of this installation; the demo's mailbox exists only in the demo."""
    faces = (store.blueprint, desk.blueprint, admin.blueprint, machine.blueprint)
    return (*faces, store.demo_blueprint) if settings.demo else faces


def commands() -> tuple[Group, ...]:
    """The `flask` commands."""
    return ()
