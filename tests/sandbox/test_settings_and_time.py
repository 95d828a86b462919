"""What the sandbox refuses to start with, and which clock it lives by."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import stripe

from shop.gateway.transport import WsgiTransport
from shop.sandbox.app import create_sandbox
from shop.sandbox.clock import offset_clock
from shop.sandbox.core import sandbox_of
from shop.sandbox.settings import (
    FaultRates,
    LiveKeyPresent,
    SandboxSettings,
    parse_fault_rates,
)

from .conftest import MakeWorld, session_params


class TestLiveKeys:
    @pytest.mark.parametrize("key", ["sk_live_123", "rk_live_123"])
    def test_a_live_key_of_its_own_is_refused(self, key: str) -> None:
        with pytest.raises(LiveKeyPresent):
            create_sandbox(SandboxSettings(secret_key=key), {})

    @pytest.mark.parametrize("key", ["sk_live_123", "rk_live_123"])
    def test_a_live_key_anywhere_in_the_environment_is_refused(self, key: str) -> None:
        with pytest.raises(LiveKeyPresent, match="PAYMENT_KEY"):
            create_sandbox(SandboxSettings(), {"PAYMENT_KEY": key})

    def test_test_keys_are_fine(self) -> None:
        app = create_sandbox(SandboxSettings(), {"STRIPE_SECRET_KEY": "sk_test_1"})

        sandbox_of(app).store.close()


class TestFaultRates:
    def test_they_are_read_from_one_line(self) -> None:
        assert parse_fault_rates("duplicate=0.1, drop=1") == FaultRates(duplicate=0.1, drop=1)
        assert parse_fault_rates("") == FaultRates()

    @pytest.mark.parametrize("text", ["explode=0.1", "drop=2", "drop=often", "drop"])
    def test_what_cannot_be_meant_is_named(self, text: str) -> None:
        with pytest.raises(ValueError, match=text):
            parse_fault_rates(text)


class TestClock:
    def test_without_a_file_it_is_wall_time(self, tmp_path: Path) -> None:
        assert abs(offset_clock(tmp_path)() - datetime.now(UTC)) < timedelta(seconds=5)

    def test_the_offset_is_read_each_time(self, tmp_path: Path) -> None:
        clock = offset_clock(tmp_path)
        (tmp_path / "clock-offset").write_text("86400\n")
        ahead = clock() - datetime.now(UTC)
        (tmp_path / "clock-offset").write_text("172800")

        assert abs(ahead - timedelta(days=1)) < timedelta(seconds=5)
        assert abs(clock() - datetime.now(UTC) - timedelta(days=2)) < timedelta(seconds=5)

    def test_a_shift_expires_sessions_in_a_running_sandbox(self, tmp_path: Path) -> None:
        app = create_sandbox(SandboxSettings(data_dir=tmp_path), {})
        client = stripe.StripeClient("sk_test_gridshop", http_client=WsgiTransport(app))
        session = client.v1.checkout.sessions.create(session_params())

        (tmp_path / "clock-offset").write_text(str(25 * 3600))

        assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"
        sandbox_of(app).store.close()


class TestMemory:
    def test_a_restart_forgets_nothing_and_hands_out_no_id_twice(
        self, make_world: MakeWorld, tmp_path: Path
    ) -> None:
        first = make_world(database=tmp_path / "kept.db")
        session = first.session()
        again = make_world(database=tmp_path / "kept.db")

        assert again.client.v1.checkout.sessions.retrieve(session.id).id == session.id
        assert again.session().id != session.id

    def test_a_random_seed_is_kept_with_the_data(
        self, make_world: MakeWorld, tmp_path: Path
    ) -> None:
        first = make_world(database=tmp_path / "kept.db", seed=None)
        again = make_world(database=tmp_path / "kept.db", seed=None)

        assert again.sandbox.store.seed == first.sandbox.store.seed

    def test_a_webhook_that_was_being_sent_at_a_crash_is_sent_again(
        self, make_world: MakeWorld, tmp_path: Path
    ) -> None:
        first = make_world(database=tmp_path / "kept.db")
        first.paid_session()
        with first.sandbox.transaction():
            first.sandbox.store.execute("UPDATE delivery SET state = 'sending'")

        again = make_world(database=tmp_path / "kept.db")

        assert again.deliver() == 5
