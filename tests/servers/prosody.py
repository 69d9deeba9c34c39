"""Prosody (Debian's package `prosody`, 0.12 or newer) as a server for tests."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from typing import ClassVar, Literal

from servers.real_server import START_TIMEOUT, RealServer, ServerFailed, free_ports, search_path

CONFIGURATION_FILE = "prosody.cfg.lua"
TLS_VERSIONS = {"1.2": "tlsv1_2", "1.3": "tlsv1_2+"}

CONFIGURATION = """\
run_as_root = true
data_path = "{folder}/data"
certificates = "{folder}"
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {c2s_port} }}
c2s_direct_tls_ports = {{ {direct_tls_port} }}
legacy_ssl_ports = {{ }}
s2s_ports = {{ }}
component_ports = {{ {component_port} }}
component_interfaces = {{ "127.0.0.1" }}
http_ports = {{ {http_port} }}
http_interfaces = {{ "127.0.0.1" }}
https_ports = {{ {https_port} }}
https_interfaces = {{ "127.0.0.1" }}
consider_websocket_secure = true
log = {{ {{ to = "file", filename = "{folder}/prosody.log", levels = {{ min = "info" }} }} }}
ssl = {{
    key = "{folder}/key.pem", certificate = "{folder}/certificate.pem", protocol = "{tls}",
}}
c2s_require_encryption = {require_encryption}
allow_unencrypted_plain_auth = {allow_plain}
{authentication}
allow_registration = {allow_registration}
modules_disabled = {{ "s2s" }}
modules_enabled = {{
    "roster", "saslauth", "tls", "disco", "ping", "version", "time", "lastactivity", "private",
    "vcard_legacy", "vcard4", "pep", "carbons", "csi", "smacks", "blocklist", "mam", "uptime",
    "websocket", "adhoc", "admin_adhoc", "external_services", "bookmarks", "offline",
    {more_modules}
}}
admins = {{ "{admin}" }}
default_archive_policy = true
external_service_host = "localhost"
external_service_secret = "for tests"
external_services = {{
    {{ type = "stun", port = 3478 }}, {{ type = "turn", port = 3478, secret = true }},
}}
{more_settings}
VirtualHost "localhost"
VirtualHost "{registration_host}"
    modules_enabled = {{ "register" }}
    allow_registration = true
VirtualHost "{anonymous_host}"
    authentication = "anonymous"
Component "{component_host}"
    component_secret = "{component_secret}"
Component "{room_host}" "muc"
    modules_enabled = {{ "muc_mam" }}
Component "{upload_host}" "http_file_share"
Component "{pubsub_host}" "pubsub"
"""


class Prosody(RealServer):
    """A Prosody; `password_hash` is "SHA-1", "SHA-256" or None for plain storage."""

    name = "prosody"
    command = "prosody"
    log_file = "prosody.log"
    websocket_path = "/xmpp-websocket"
    more_modules: ClassVar[Sequence[str]] = ()

    def __init__(
        self,
        *,
        password_hash: str | None = "SHA-256",
        allow_registration: bool = False,
        require_encryption: bool = True,
        tls_max: Literal["1.2", "1.3"] = "1.3",
        client_certificates: bool = False,
    ) -> None:
        super().__init__(
            password_hash=password_hash,
            allow_registration=allow_registration,
            require_encryption=require_encryption,
            tls_max=tls_max,
            client_certificates=client_certificates,
        )

    def _configure(self) -> tuple[list[str], dict[str, str]]:
        executable = self.find(self.command)
        assert executable is not None, "prosody is not installed"
        self.c2s_port, self.direct_tls_port, self.component_port = free_ports(3)
        self.http_port, self.https_port = free_ports(2)
        (self.folder / "data").mkdir()
        modules = [*self.more_modules, *(["register"] if self.allow_registration else [])]
        (self.folder / CONFIGURATION_FILE).write_text(
            CONFIGURATION.format(
                folder=self.home,
                c2s_port=self.c2s_port,
                direct_tls_port=self.direct_tls_port,
                component_port=self.component_port,
                http_port=self.http_port,
                https_port=self.https_port,
                registration_host=self.registration_host,
                anonymous_host=self.anonymous_host,
                tls=TLS_VERSIONS[self.tls_max],
                component_host=self.component_host,
                component_secret=self.component_secret,
                room_host=self.room_host,
                upload_host=self.upload_host,
                pubsub_host=self.pubsub_host,
                admin=f"{self.admin}@{self.host}",
                authentication=self._authentication(),
                require_encryption=_lua(self.require_encryption),
                allow_plain=_lua(not self.require_encryption),
                allow_registration=_lua(self.allow_registration),
                more_modules=", ".join(f'"{module}"' for module in modules),
                more_settings=self._more_settings(),
            )
        )
        return [executable, *self._options, "-F"], {}

    def _authentication(self) -> str:
        assert not self.client_certificates, "this Prosody has no module for certificates"
        if self.password_hash is None:
            return 'authentication = "internal_plain"'
        return f'authentication = "internal_hashed"\npassword_hash = "{self.password_hash}"'

    def _more_settings(self) -> str:
        """Give further lines for the configuration."""
        return ""

    def _listening_ports(self) -> Sequence[int]:
        assert self.component_port is not None
        return (
            self.c2s_port,
            self.direct_tls_port,
            self.component_port,
            self.http_port,
            self.https_port,
        )

    def register(self, user: str, password: str) -> None:
        """Make an account by `prosodyctl`, which writes into the data folder."""
        control = self.find("prosodyctl")
        assert control is not None, "prosodyctl is not installed"
        done = subprocess.run(
            self.inside([control, *self._options, "register", user, self.host, password]),
            env={"PATH": search_path(), "HOME": self.home},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=START_TIMEOUT,
            check=False,
        )
        if done.returncode:
            raise ServerFailed(f"prosodyctl did not register {user}\n{done.stdout}{done.stderr}")
        self.accounts[user] = password

    @property
    def _options(self) -> list[str]:
        # As root it would refuse, or leave for a user who cannot read the folder.
        root = ["--root"] if os.geteuid() == 0 else []
        return [*root, "--config", f"{self.home}/{CONFIGURATION_FILE}"]


def _lua(value: bool) -> str:
    return "true" if value else "false"
