"""The servers of Debian 13, Prosody 13 and ejabberd 24.12, run on any Linux by chroot.

They are the first with SASL2, Bind 2, FAST and XEP-0440. `.ci/debian13` puts a small Debian 13
with both into a folder outside the checkout and says where that is; nothing is mounted into it,
and each server's own folder lies in its `/tmp`.
"""

from __future__ import annotations

import functools
import hashlib
import os
import ssl
import subprocess
import urllib.request
from pathlib import Path

from servers.ejabberd import Ejabberd
from servers.prosody import Prosody
from servers.real_server import START_TIMEOUT, RealServer

MAKER = Path(__file__).parents[2] / ".ci/debian13"

CERTIFICATES_ONLY = """\
authentication = "ccert"
certificate_match = "xmppaddr"
"""

CLIENT_CERTIFICATES = """\
local asking = {{
    cafile = "{home}/ca.pem", capath = false, verify = {{ "peer", "client_once" }},
    verifyext = {{ lsec_ignore_purpose = false }},
}}
c2s_ssl = asking
c2s_direct_tls_ssl = asking
"""

TOKENS = """\
local tokens = module:depends("tokenauth");

local function hand_out(event, user)
    local jid = user .. "@" .. module.host;
    local grant = assert(tokens.create_grant(jid, jid, 3600));
    return (assert(tokens.create_token(jid, grant, "prosody:registered", 3600, "oauth2")));
end

module:depends("http");
module:provides("http", { name = "tokens", route = { ["GET /*"] = hand_out } });
"""
"""A module of Prosody's that gives everybody on loopback a token for OAUTHBEARER."""


@functools.cache
def tree() -> tuple[Path, bool]:
    """Where the Debian 13 belongs, and whether it is there as the tests need it."""
    told = subprocess.run([MAKER, "--print"], stdout=subprocess.PIPE, text=True, check=False)
    return Path(told.stdout.rstrip("\n")), told.returncode == 0


class _OfDebian13(RealServer):
    """A server that is installed in the tree."""

    @classmethod
    def system(cls) -> Path:
        return tree()[0]

    @classmethod
    def absence(cls) -> str | None:
        folder, there = tree()
        if os.geteuid() != 0:
            return f"{cls.name} is run by chroot, which only root may do"
        if not there:
            return f"{cls.name}: there is no Debian 13 in {folder} (.ci/debian13 makes one)"
        return super().absence()


class Prosody13(_OfDebian13, Prosody):
    """Prosody 13.0, with the community modules that Debian packages as `prosody-modules`.

    With `client_certificates=True` nobody signs in by password.
    """

    name = "prosody13"
    host_meta_path = "/.well-known/host-meta"
    more_modules = (
        "http_altconnect",
        "sasl2",
        "sasl2_bind2",
        "sasl2_fast",
        "sasl2_sm",
        "sasl_ssdp",
        "tokens",
    )

    def oauth_token(self, user: str) -> str:
        """Give a token with which the user may sign in by OAUTHBEARER, for an hour."""
        url = f"http://{self.host}:{self.http_port}/tokens/{user}"
        with urllib.request.urlopen(url, timeout=START_TIMEOUT) as answer:
            token: str = answer.read().decode()
        return token

    def _configure(self) -> tuple[list[str], dict[str, str]]:
        (self.folder / "mod_tokens.lua").write_text(TOKENS)
        return super()._configure()

    def _authentication(self) -> str:
        return CERTIFICATES_ONLY if self.client_certificates else super()._authentication()

    def register(self, user: str, password: str) -> None:
        """Make an account, if there are any; with certificates, each names its user."""
        if not self.client_certificates:
            super().register(user, password)

    def _more_settings(self) -> str:
        # It also takes "auto", but forgets that after the first stream.
        certificate = ssl.PEM_cert_to_DER_cert((self.folder / "certificate.pem").read_text())
        settings = CLIENT_CERTIFICATES.format(home=self.home) if self.client_certificates else ""
        return (
            f'plugin_paths = {{ "{self.home}" }}\n'
            f'tls_server_end_point_hash = "{hashlib.sha256(certificate).hexdigest()}"\n{settings}'
        )


class Ejabberd24(_OfDebian13, Ejabberd):
    """ejabberd 24.12, which has SASL2 and Bind 2 built in."""

    name = "ejabberd24"
    more_modules = ("mod_auth_fast",)
