"""Every face's routes, in one place."""

from flask import Blueprint

from shop.kernel.settings import Settings
from shop.web import admin, desk, machine, store


def all_of(settings: Settings) -> tuple[Blueprint, ...]:
    """The blueprints of this installation; the demo's mailbox exists only in the demo."""
    faces = (store.blueprint, desk.blueprint, admin.blueprint, machine.blueprint)
    return (*faces, store.demo_blueprint) if settings.demo else faces
