"""What each side wants of a stream, or offers on it: the options of `stream.Stream`."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import dialects
from .deviations import Deviation
from .dialects import Dialect
from .framing import MAX_SIZE
from .jid import JID
from .mechanisms import Accounts, MechanismMaker, server_mechanism

if TYPE_CHECKING:
    from lxml import etree

    from .acknowledgements import Ledger
    from .credentials import Credentials
    from .features.fast import Tokens
    from .features.sasl2 import Sasl2Wishes
    from .features.stream_management import ManagementOptions


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """What a client wants of a stream.

    `credentials` is None to stay unauthenticated; `tls` says whether STARTTLS is wanted (and
    required); `mechanism` insists on one SASL mechanism, `channel_binding` on one type. `floor` is
    the strongest mechanism that the account used before: no weaker one is chosen.

    A component is a client that speaks `dialects.COMPONENT`: `jid` is its domain and the password
    of `credentials` its secret.

    `management` says whether stream management is wanted; `ledger` is that of an earlier
    connection, to go on with its stream if it is resumable.

    `sasl2` is what is wanted of SASL2, None for SASL alone; SASL2 is preferred where it is offered.
    With `pipeline`, what is likely to be allowed is sent ahead of the features (XEP-0305).
    """

    jid: JID
    credentials: Credentials | None = field(default=None, repr=False)
    tls: bool = True
    mechanism: str | None = None
    channel_binding: str | None = None
    floor: str = ""
    language: str = "en"
    dialect: Dialect = dialects.CLIENT
    management: bool = False
    ledger: Ledger | None = field(default=None, repr=False)
    sasl2: Sasl2Wishes | None = None
    pipeline: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a server did not do something: a stanza error's condition, type and text if any."""

    condition: str
    type: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What a server offers on a stream.

    `assign_resource` takes the user name and the resource asked for ("" for none) and gives the
    full JID to bind, or a `Refusal`, and may be asked more than once; `new_stream_id` gives a
    fresh id for each stream header. With `tls`, STARTTLS is offered, and nobody may sign in
    without it unless `tls_required` is False. `max_size` caps what a client may send, in bytes
    an element. For components (`dialects.COMPONENT`), `domains` are theirs and `secrets` has the
    secret of each. `announce_bindings` says whether the channel bindings are announced (XEP-0440);
    `make_mechanism` starts each SASL exchange. `management` is how stream management is done, None
    for not at all. `register` takes the iq with which somebody who is not signed in asks to
    register, and gives the payload of the result or a `Refusal`; with None nobody can. `sasl2`
    offers SASL2 and Bind 2 under TLS, and with `tokens` FAST. With `client_state` clients may say
    whether somebody is looking (XEP-0352), of which nothing follows here. `deviations` are those
    from the RFCs that are wanted; they may change while streams last.
    """

    domains: frozenset[str]
    accounts: Accounts
    mechanisms: tuple[str, ...]
    tls: bool
    assign_resource: Callable[[str, str], JID | Refusal]
    new_stream_id: Callable[[], str]
    extra_features: str = ""
    tls_required: bool = True
    max_size: int = MAX_SIZE
    dialect: Dialect = dialects.CLIENT
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    announce_bindings: bool = True
    make_mechanism: MechanismMaker = server_mechanism
    management: ManagementOptions | None = None
    register: Callable[[etree._Element], str | Refusal] | None = None
    sasl2: bool = False
    tokens: Tokens | None = None
    client_state: bool = False
    deviations: Container[Deviation] = frozenset()
