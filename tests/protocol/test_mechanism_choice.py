"""Which mechanism a client takes: offered, announced, at hand, asked for, and used before."""

from __future__ import annotations

import pytest

from xmppshell.protocol.channel import Channel, ChannelBinding
from xmppshell.protocol.mechanisms import (
    PREFERENCE,
    Advertised,
    Choice,
    SaslRefusedError,
    Wishes,
    choose,
    strength,
)

EXPORTER = ChannelBinding("tls-exporter", b"e")
UNIQUE = ChannelBinding("tls-unique", b"u")
END_POINT = ChannelBinding("tls-server-end-point", b"s")
TLS_1_3 = Channel((END_POINT,))
TLS_1_3_EXPORTER = Channel((EXPORTER, END_POINT))
TLS_1_2 = Channel((UNIQUE, END_POINT))
NO_TLS = Channel()

SCRAM = ("PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256")
PLUS = (*SCRAM, "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS")

PROSODY_12 = Advertised(SCRAM)  # on TLS 1.3
PROSODY_12_TLS_1_2 = Advertised(PLUS)
EJABBERD_23 = Advertised(PLUS)
PROSODY_13 = Advertised(PLUS, ("tls-exporter",))
EJABBERD_24 = Advertised(PLUS, ("tls-exporter", "tls-server-end-point"))


def refused(advertised: Advertised, channel: Channel, wishes: Wishes) -> str:
    with pytest.raises(SaslRefusedError) as caught:
        choose(advertised, channel, wishes)
    assert caught.value.problem.cure
    return caught.value.problem.what


class TestByItself:
    @pytest.mark.parametrize(
        ("advertised", "channel", "mechanism", "binding", "flag"),
        [
            # Nothing to bind with: n.
            (PROSODY_12, NO_TLS, "SCRAM-SHA-256", None, "n"),
            # No -PLUS offered, but we could bind: y, which reveals that they were hidden.
            (PROSODY_12, TLS_1_3, "SCRAM-SHA-256", None, "y"),
            (PROSODY_12, TLS_1_2, "SCRAM-SHA-256", None, "y"),
            # Nothing announced: the type that goes with the version of TLS.
            (PROSODY_12_TLS_1_2, TLS_1_2, "SCRAM-SHA-256-PLUS", UNIQUE, "p"),
            (EJABBERD_23, TLS_1_2, "SCRAM-SHA-256-PLUS", UNIQUE, "p"),
            (EJABBERD_23, TLS_1_3_EXPORTER, "SCRAM-SHA-256-PLUS", EXPORTER, "p"),
            # -PLUS offered, and no binding that both have: n, since y would be refused.
            (EJABBERD_23, TLS_1_3, "SCRAM-SHA-256", None, "n"),
            (PROSODY_13, TLS_1_3, "SCRAM-SHA-256", None, "n"),
            (PROSODY_13, TLS_1_2, "SCRAM-SHA-256", None, "n"),
            # Announced: the best of both.
            (PROSODY_13, TLS_1_3_EXPORTER, "SCRAM-SHA-256-PLUS", EXPORTER, "p"),
            (EJABBERD_24, TLS_1_3, "SCRAM-SHA-256-PLUS", END_POINT, "p"),
            (EJABBERD_24, TLS_1_3_EXPORTER, "SCRAM-SHA-256-PLUS", EXPORTER, "p"),
        ],
    )
    def test_binding_and_flag(
        self,
        advertised: Advertised,
        channel: Channel,
        mechanism: str,
        binding: ChannelBinding | None,
        flag: str,
    ) -> None:
        choice = choose(advertised, channel, Wishes())
        assert (choice.mechanism, choice.binding, choice.flag) == (mechanism, binding, flag)

    def test_the_reason_says_what_would_be_stronger(self) -> None:
        assert choose(PROSODY_13, TLS_1_3, Wishes()).reason == (
            "SCRAM-SHA-256 is the strongest mechanism of both sides; -PLUS would need "
            "tls-exporter, which this connection does not have"
        )
        assert "-PLUS would" not in choose(PROSODY_12, TLS_1_3, Wishes()).reason

    @pytest.mark.parametrize("place", range(1, len(PREFERENCE)))
    def test_the_first_of_the_preference_that_is_offered(self, place: int) -> None:
        offered = tuple(reversed(PREFERENCE[place:]))
        assert choose(Advertised(offered), TLS_1_2, Wishes()).mechanism == PREFERENCE[place]

    def test_external_needs_a_certificate_and_no_password(self) -> None:
        offer = Advertised(("EXTERNAL", *SCRAM))
        shown = Channel((END_POINT,), certificate_shown=True)
        assert choose(offer, shown, Wishes()).mechanism == "EXTERNAL"
        assert choose(offer, shown, Wishes(password=False)).mechanism == "EXTERNAL"
        assert choose(offer, TLS_1_3, Wishes()).mechanism == "SCRAM-SHA-256"

    def test_without_a_password_or_certificate(self) -> None:
        told = refused(PROSODY_12, TLS_1_3, Wishes(password=False))
        assert told.endswith("nothing is at hand to sign in with")

    def test_nobody_in_particular_is_anonymous(self) -> None:
        wishes = Wishes(password=False, anonymous=True)
        assert choose(Advertised(("ANONYMOUS",)), TLS_1_3, wishes).mechanism == "ANONYMOUS"

    def test_tokens_and_guests_are_used_only_when_asked_for(self) -> None:
        told = refused(Advertised(("OAUTHBEARER", "ANONYMOUS")), TLS_1_3, Wishes())
        assert told == "no common mechanism: the server offers OAUTHBEARER, ANONYMOUS"


class TestAskedFor:
    @pytest.mark.parametrize(
        "name", ["PLAIN", "SCRAM-SHA-1", "OAUTHBEARER", "ANONYMOUS", "SCRAM-SHA-256-PLUS"]
    )
    def test_it_is_used(self, name: str) -> None:
        offer = Advertised((*PLUS, "OAUTHBEARER", "ANONYMOUS"), ("tls-exporter",))
        choice = choose(offer, TLS_1_3_EXPORTER, Wishes(mechanism=name))
        assert choice.mechanism == name
        assert choice.binding == (EXPORTER if name.endswith("-PLUS") else None)
        assert "was asked for" in choice.reason

    def test_a_mechanism_that_is_asked_for_sends_no_y(self) -> None:
        choice = choose(PROSODY_12, TLS_1_3, Wishes(mechanism="SCRAM-SHA-1"))
        assert choice.flag == "n"

    def test_a_binding_that_is_asked_for_needs_no_announcement(self) -> None:
        choice = choose(EJABBERD_23, TLS_1_2, Wishes(binding="tls-server-end-point"))
        assert choice == Choice("SCRAM-SHA-256-PLUS", choice.reason, END_POINT, "p")

    @pytest.mark.parametrize(
        ("advertised", "channel", "wishes", "sentence"),
        [
            (
                PROSODY_12,
                TLS_1_3_EXPORTER,
                Wishes(mechanism="SCRAM-SHA-256-PLUS"),
                "the server does not offer SCRAM-SHA-256-PLUS, which was asked for: it offers "
                "PLAIN, SCRAM-SHA-1, SCRAM-SHA-256",
            ),
            (
                PROSODY_12,
                TLS_1_3_EXPORTER,
                Wishes(binding="tls-exporter"),
                "channel binding was asked for, and the server offers no -PLUS mechanism",
            ),
            (
                PROSODY_13,
                TLS_1_3,
                Wishes(mechanism="SCRAM-SHA-256-PLUS"),
                "no channel binding that both sides have",
            ),
            (
                PROSODY_13,
                TLS_1_3_EXPORTER,
                Wishes(binding="tls-unique"),
                "the channel binding tls-unique cannot be had on this connection",
            ),
            (
                EJABBERD_23,
                TLS_1_3,
                Wishes(mechanism="SCRAM-SHA-512"),
                "no common mechanism: the server offers PLAIN, SCRAM-SHA-1, SCRAM-SHA-256, "
                "SCRAM-SHA-1-PLUS, SCRAM-SHA-256-PLUS, and SCRAM-SHA-512 was asked for",
            ),
            (
                PROSODY_13,
                TLS_1_3_EXPORTER,
                Wishes(mechanism="SCRAM-SHA-256", binding="tls-exporter"),
                "SCRAM-SHA-256 has no channel binding, and tls-exporter was asked for",
            ),
            (PROSODY_13, TLS_1_3, Wishes(mechanism="GSSAPI"), "GSSAPI is not known here"),
            (
                Advertised(("EXTERNAL",)),
                TLS_1_3,
                Wishes(mechanism="EXTERNAL"),
                "EXTERNAL needs a client certificate, and none was shown",
            ),
        ],
    )
    def test_what_cannot_be_is_said(
        self, advertised: Advertised, channel: Channel, wishes: Wishes, sentence: str
    ) -> None:
        assert refused(advertised, channel, wishes) == sentence


class TestUsedBefore:
    def test_nothing_weaker_is_chosen(self) -> None:
        told = refused(Advertised(("PLAIN",)), TLS_1_3, Wishes(floor="SCRAM-SHA-256"))
        assert told == (
            "the server no longer offers SCRAM-SHA-256, which this account signed in with "
            "before; PLAIN is weaker"
        )

    def test_the_loss_of_channel_binding_is_a_step_down(self) -> None:
        wishes = Wishes(floor="SCRAM-SHA-1-PLUS")
        told = refused(PROSODY_12, TLS_1_3, wishes)
        assert told.startswith("the server no longer offers SCRAM-SHA-1-PLUS")
        told = refused(PROSODY_13, TLS_1_3, wishes)
        assert told.startswith("SCRAM-SHA-1-PLUS cannot be used on this connection")

    @pytest.mark.parametrize("floor", ["", "PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "EXTERNAL"])
    def test_as_strong_or_stronger_is_fine(self, floor: str) -> None:
        assert choose(PROSODY_12, TLS_1_3, Wishes(floor=floor)).mechanism == "SCRAM-SHA-256"

    def test_a_certificate_is_never_a_step_down(self) -> None:
        shown = Channel((END_POINT,), certificate_shown=True)
        wishes = Wishes(floor="SCRAM-SHA-512-PLUS")
        assert choose(Advertised(("EXTERNAL", *SCRAM)), shown, wishes).mechanism == "EXTERNAL"

    def test_the_users_word_counts_more(self) -> None:
        wishes = Wishes(mechanism="PLAIN", floor="SCRAM-SHA-256-PLUS")
        assert choose(PROSODY_12, TLS_1_3, wishes).mechanism == "PLAIN"

    def test_the_order_of_strength(self) -> None:
        order = [
            "X-UNKNOWN",
            "PLAIN",
            "EXTERNAL",
            "SCRAM-SHA-1",
            "SCRAM-SHA-256",
            "SCRAM-SHA-512",
            "SCRAM-SHA-1-PLUS",
            "SCRAM-SHA-256-PLUS",
            "SCRAM-SHA-512-PLUS",
        ]
        assert sorted(order, key=strength) == order
        assert len({strength(name) for name in order}) == len(order)
