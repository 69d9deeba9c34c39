"""XMPP addresses: local@domain/resource, parsed, enforced and normalised (RFC 7622).

Almost every address on a wire is plain ASCII, so the ASCII case is handled here in full. Only an
address with other characters, or with an A-label (`xn--...`), imports `precis_i18n` and `idna`.
"""

from __future__ import annotations

from dataclasses import dataclass

from .problem import Problem, ProblemError

MAX_PART_BYTES = 1023
_MAX_LABEL_BYTES = 63
_LOCAL_EXCLUDED = frozenset("\"&'/:<>@")
_LABEL_ASCII = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
_SHOWN_LENGTH = 60

_PRECIS_REASONS = {
    "spaces": "a space is not allowed there",
    "controls": "control characters are not allowed",
    "symbols": "symbols are not allowed there, only letters and digits",
    "punctuation": "punctuation outside ASCII is not allowed there",
    "has_compat": "it is a compatibility variant of other characters",
    "other_letter_digits": "it is a letter or number of a kind not allowed there",
    "old_hangul_jamo": "conjoining Hangul jamo are not allowed",
    "precis_ignorable_properties": "characters that cannot be seen are not allowed",
    "zero_width_joiner": "a joiner is allowed only where a script needs it",
    "zero_width_nonjoiner": "a joiner is allowed only where a script needs it",
    "bidi_rule": "right-to-left and left-to-right characters are mixed",
    "not_idempotent": "preparing it twice gives two different addresses",
    "unassigned": "Unicode has not assigned it",
}


class JIDError(ProblemError):
    """Text that is not an address; the problem names the part, the character and the reason."""


@dataclass(frozen=True, slots=True)
class JID:
    """One address in its normalised form; an absent part is "".

    Make one from text with `parse`, or from separate parts with `of`: they enforce RFC 7622. The
    constructor takes parts that are known to be normalised already and checks nothing.
    Two addresses are equal, and hash alike, if their normalised parts are equal.
    """

    local: str
    domain: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> JID:
        """Return the address that `text` is; raise `JIDError` if it is none (RFC 7622 3).

        The resource begins at the first `/`; the local part ends at the first `@` before that.
        """
        address, slash, resource = text.partition("/")
        local, at, domain = address.partition("@")
        if not at:
            local, domain = "", address
        if not text:
            raise _error(text, "it is empty", "", "write at least a domain", "3.1")
        if at and not local:
            raise _error(
                text, "the local part before the @ is empty", "", "leave out the @ as well", "3.3"
            )
        if slash and not resource:
            raise _error(
                text, "the resource after the / is empty", "", "leave out the / as well", "3.4"
            )
        return cls(
            _local(local, text) if local else "",
            _domain(domain, text),
            _resource(resource, text) if resource else "",
        )

    @classmethod
    def of(cls, local: str, domain: str, resource: str = "") -> JID:
        """Return the address made of these parts ("" for an absent one); raise `JIDError`."""
        whole = _join(local, domain, resource)
        return cls(
            _local(local, whole) if local else "",
            _domain(domain, whole),
            _resource(resource, whole) if resource else "",
        )

    @property
    def bare(self) -> JID:
        """The address without its resource."""
        return JID(self.local, self.domain, "") if self.resource else self

    @property
    def is_full(self) -> bool:
        """True if there is a resource."""
        return bool(self.resource)

    @property
    def is_bare(self) -> bool:
        """True if there is no resource; a domain alone is bare, too."""
        return not self.resource

    def with_resource(self, resource: str) -> JID:
        """Return the same account with `resource` ("" for none); raise `JIDError` if it is bad."""
        if not resource:
            return self.bare
        whole = _join(self.local, self.domain, resource)
        return JID(self.local, self.domain, _resource(resource, whole))

    def __str__(self) -> str:
        return _join(self.local, self.domain, self.resource)


def _join(local: str, domain: str, resource: str) -> str:
    address = f"{local}@{domain}" if local else domain
    return f"{address}/{resource}" if resource else address


def _local(text: str, whole: str) -> str:
    """Enforce the UsernameCaseMapped profile and the exclusions of RFC 7622 3.3.1."""
    if text.isascii() and text.isprintable() and " " not in text:
        local = text.lower()
    else:
        local = _precis("UsernameCaseMapped", "local part", text, whole)
    for character in local:
        if character in _LOCAL_EXCLUDED:
            raise _error(
                whole,
                f"the local part contains {_name(character)}",
                "a local part must not contain any of \" & ' / : < > @",
                r"write it by XEP-0106 JID escaping, such as \27 for an apostrophe",
                "3.3.1",
            )
    _check_length(local, "local part", whole, "3.3")
    return local


def _resource(text: str, whole: str) -> str:
    """Enforce the OpaqueString profile (RFC 7622 3.4)."""
    if text.isascii() and text.isprintable():
        resource = text
    else:
        resource = _precis("OpaqueString", "resource", text, whole)
    _check_length(resource, "resource", whole, "3.4")
    return resource


def _domain(text: str, whole: str) -> str:
    """Normalise a domain name, an IPv4 address or a bracketed IPv6 address (RFC 7622 3.2).

    More is accepted than the RFC has: labels of ASCII letters, digits, hyphens and underscores,
    because hosts called `my_host` exist and resolvers find them.
    """
    if text.startswith("["):
        return _ip_literal(text, whole)
    domain = text.lower() if text.isascii() else _mapped(text)
    domain = domain.removesuffix(".")
    if not domain:
        raise _error(whole, "the domain is empty", "", "write the name of a server", "3.2")
    domain = ".".join(_label(label, whole) for label in domain.split("."))
    _check_length(domain, "domain", whole, "3.2")
    return domain


def _label(label: str, whole: str) -> str:
    if not label:
        raise _error(
            whole, "the domain has an empty label", "two dots, or a dot at the start", "", "3.2"
        )
    if not label.isascii() or label.startswith("xn--"):
        return _unicode_label(label, whole)
    for character in label:
        if character not in _LABEL_ASCII:
            raise _error(
                whole,
                f"the domain contains {_name(character)}",
                "a domain has letters, digits, hyphens and dots only",
                "put [ and ] around an IPv6 address; give a port with --port"
                if character == ":"
                else "",
                "3.2",
            )
    if label[0] == "-" or label[-1] == "-":
        raise _error(whole, "a label of the domain begins or ends with a hyphen", "", "", "3.2")
    if len(label) > _MAX_LABEL_BYTES:
        raise _error(
            whole,
            f"a label of the domain has {len(label)} characters",
            f"DNS allows {_MAX_LABEL_BYTES} between two dots",
            "",
            "3.2",
        )
    return label


def _mapped(text: str) -> str:
    """Map a domain to narrow, lower-case, composed characters (RFC 7622 3.2)."""
    import unicodedata

    def narrow(character: str) -> str:
        kind, _, code = unicodedata.decomposition(character).partition(" ")
        return chr(int(code, 16)) if kind in ("<wide>", "<narrow>") else character

    return unicodedata.normalize("NFC", "".join(map(narrow, text)).lower())


def _unicode_label(label: str, whole: str) -> str:
    """Return the U-label of a label that is not plain ASCII or is an A-label."""
    import idna

    try:
        u_label = idna.ulabel(label)
        a_label = idna.alabel(u_label).decode("ascii")
    except UnicodeError as error:
        code = getattr(error, "codepoint", None)
        what = f"the domain contains {_name(chr(code))}" if code else "the domain is no IDN"
        raise _error(whole, what, shown(str(error)), "", "3.2") from error
    if label.isascii() and a_label != label:
        raise _error(
            whole, "the domain is no IDN", f"{label} is not the A-label of any name", "", "3.2"
        )
    return u_label


def _ip_literal(text: str, whole: str) -> str:
    import ipaddress

    try:
        if not text.endswith("]"):
            raise ValueError("there is no ] at the end")
        address = ipaddress.IPv6Address(text[1:-1])
    except ValueError as error:
        raise _error(
            whole, "the domain is not an IPv6 address in brackets", shown(str(error)), "", "3.2"
        ) from error
    return f"[{address}]"


def _precis(profile: str, part: str, text: str, whole: str) -> str:
    import precis_i18n

    try:
        return str(precis_i18n.get_profile(profile).enforce(text))
    except UnicodeEncodeError as error:
        kind = error.reason.rpartition("/")[2]
        if error.end - error.start == 1:
            mapped = str(error.object)[error.start]
            typed = next((c for c in text if mapped in (c, c.lower())), mapped)
            what = f"the {part} contains {_name(typed)}"
        else:
            what = f"the {part} is not allowed"
        reason = _PRECIS_REASONS.get(kind, "that character is not allowed there")
        section = "3.3" if part == "local part" else "3.4"
        raise _error(whole, what, reason, "", section) from error


def _check_length(part: str, name: str, whole: str, section: str) -> None:
    length = len(part) if part.isascii() else len(part.encode())
    if length > MAX_PART_BYTES:
        raise _error(
            whole,
            f"the {name} has {length} bytes",
            f"each part of an address has at most {MAX_PART_BYTES} bytes of UTF-8",
            "",
            section,
        )


def _error(whole: str, what: str, cause: str, cure: str, section: str) -> JIDError:
    subject = f"{shown(whole)} is not a JID: " if whole else "this is not a JID: "
    return JIDError(Problem(subject + what, cause, cure, f"RFC 7622 {section}"))


def _name(character: str) -> str:
    """Name one character so that it can be recognised: itself if it can be seen, and its code."""
    code = f"U+{ord(character):04X}"
    if character == " ":
        return f"a space ({code})"
    return f"{character} ({code})" if character.isprintable() else code


def shown(text: str) -> str:
    """Return `text` fit for a message: short, and unprintable characters as ⟨U+XXXX⟩."""
    cut = text if len(text) <= _SHOWN_LENGTH else text[: _SHOWN_LENGTH - 1] + "…"
    return "".join(c if c.isprintable() else f"⟨U+{ord(c):04X}⟩" for c in cut)
