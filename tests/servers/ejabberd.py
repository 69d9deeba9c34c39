"""ejabberd (Debian's package `ejabberd`, 23.01 or newer) as a server for tests.

The Erlang machine is started without a node name, so that neither epmd nor a cookie is needed
and several can run side by side. Accounts are made by its HTTP API, open to loopback only.
"""

from __future__ import annotations

import http.client
import json
import re
import signal
from collections.abc import Sequence
from typing import ClassVar, Literal

from servers.real_server import RealServer, ServerFailed, free_ports

OLD_TLS = ["no_sslv3", "no_tlsv1", "no_tlsv1_1"]
TLS_OPTIONS = {"1.2": [*OLD_TLS, "no_tlsv1_3"], "1.3": OLD_TLS}
ANONYMOUS = {"auth_method": "anonymous", "anonymous_protocol": "sasl_anon"}
HASHES = {"SHA-1": "sha", "SHA-256": "sha256", "SHA-512": "sha512"}

MODULES = (
    "mod_adhoc",
    "mod_announce",
    "mod_blocking",
    "mod_caps",
    "mod_carboncopy",
    "mod_client_state",
    "mod_configure",
    "mod_disco",
    "mod_last",
    "mod_offline",
    "mod_ping",
    "mod_privacy",
    "mod_private",
    "mod_roster",
    "mod_stream_mgmt",
    "mod_time",
    "mod_vcard",
    "mod_version",
)


class Ejabberd(RealServer):
    """An ejabberd; `password_hash` is "SHA-1", "SHA-256", "SHA-512" or None for plain storage."""

    name = "ejabberd"
    command = "ejabberdctl"
    log_file = "ejabberd.log"
    # Its orderly end takes a second, and nothing of it is kept.
    stop_signal = signal.SIGKILL
    websocket_path = "/ws"
    more_modules: ClassVar[Sequence[str]] = ()
    host_meta_path = "/.well-known/host-meta"

    def __init__(
        self,
        *,
        password_hash: str | None = None,
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
        self.api_port = 0

    def _configure(self) -> tuple[list[str], dict[str, str]]:
        erl = self.find("erl")
        assert erl is not None, "erl is not installed"
        self.c2s_port, self.direct_tls_port, self.component_port, self.api_port = free_ports(4)
        self.http_port, self.https_port = free_ports(2)
        # JSON is YAML.
        (self.folder / "ejabberd.yml").write_text(json.dumps(self._settings(), indent=1))
        environment = {
            "ERL_LIBS": self._libraries(),
            "ERL_CRASH_DUMP_BYTES": "0",
            "EJABBERD_CONFIG_PATH": f"{self.home}/ejabberd.yml",
            "EJABBERD_LOG_PATH": f"{self.home}/{self.log_file}",
        }
        database = ["-mnesia", "dir", f'"{self.home}/database"']
        # +K: kernel polling; two schedulers are enough and start faster.
        machine = ["+K", "true", "+S", "2:2", "-noinput"]
        return [erl, *machine, *database, "-s", "ejabberd"], environment

    def _listening_ports(self) -> Sequence[int]:
        assert self.component_port is not None
        return (
            self.c2s_port,
            self.direct_tls_port,
            self.component_port,
            self.api_port,
            self.http_port,
            self.https_port,
        )

    def register(self, user: str, password: str) -> None:
        """Make an account by the HTTP API."""
        connection = http.client.HTTPConnection(self.address, self.api_port, timeout=10)
        account = {"user": user, "host": self.host, "password": password}
        try:
            connection.request("POST", "/api/register", json.dumps(account))
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        except OSError as error:
            raise ServerFailed(f"ejabberd's API: {error}\n{self.log()}") from error
        finally:
            connection.close()
        if answer.status != 200:
            raise ServerFailed(f"ejabberd did not register {user}: {text}\n{self.log()}")
        self.accounts[user] = password

    def _settings(self) -> dict[str, object]:
        client = {
            "ip": self.address,
            "module": "ejabberd_c2s",
            "access": "all",
            # Then it also offers EXTERNAL, even to those who have shown no certificate.
            "tls_verify": self.client_certificates,
        }
        modules: dict[str, object] = {name: {} for name in (*MODULES, *self.more_modules)}
        modules |= self._services()
        modules["mod_host_meta"] = {"websocket_url": self.websocket_tls_url}
        registration = {"mod_register": {"access": "all"}}
        for_one_host: dict[str, object] = {"modules": registration}
        if self.allow_registration:
            # For every host, and ejabberd refuses to start if one names it again.
            modules |= registration
            for_one_host = {}
        web = {
            "ip": self.address,
            "module": "ejabberd_http",
            "request_handlers": {
                self.websocket_path: "ejabberd_http_ws",
                self.host_meta_path: "mod_host_meta",
                f"{self.host_meta_path}.json": "mod_host_meta",
            },
        }
        return {
            "loglevel": "info",
            "log_rotate_count": 0,
            "hosts": [self.host, self.registration_host, self.anonymous_host],
            "host_config": {self.anonymous_host: ANONYMOUS},
            "append_host_config": {self.registration_host: for_one_host},
            "c2s_protocol_options": TLS_OPTIONS[self.tls_max],
            "certfiles": [f"{self.home}/chained.pem"],
            "ca_file": f"{self.home}/ca.pem",
            "c2s_cafile": f"{self.home}/ca.pem",
            "s2s_access": "none",
            "acme": {"auto": False},
            "registration_timeout": "infinity",
            **_authentication(self.password_hash),
            "listen": [
                {
                    **client,
                    "port": self.c2s_port,
                    "starttls": True,
                    "starttls_required": self.require_encryption,
                },
                {**client, "port": self.direct_tls_port, "tls": True},
                {
                    "ip": self.address,
                    "port": self.component_port,
                    "module": "ejabberd_service",
                    "access": "all",
                    "hosts": {self.component_host: {"password": self.component_secret}},
                },
                {**web, "port": self.http_port},
                {
                    **web,
                    "port": self.https_port,
                    "tls": True,
                    "protocol_options": TLS_OPTIONS[self.tls_max],
                },
                {
                    "ip": self.address,
                    "port": self.api_port,
                    "module": "ejabberd_http",
                    "request_handlers": {"/api": "mod_http_api"},
                },
            ],
            "acl": {
                "admin": {"user": [f"{self.admin}@{self.host}"]},
                "local": {"user_regexp": ""},
            },
            "access_rules": {
                "local": {"allow": "local"},
                "configure": {"allow": "admin"},
                "announce": {"allow": "admin"},
            },
            "api_permissions": {
                "accounts": {"who": {"ip": f"{self.address}/32"}, "what": ["register"]}
            },
            "modules": modules,
        }

    def _services(self) -> dict[str, object]:
        """Give the modules that need settings, among them those with addresses of their own."""

        def on_each_host(service: str) -> str:
            return service.replace(self.host, "@HOST@")

        upload = {"host": on_each_host(self.upload_host), "put_url": "http://@HOST@/upload"}
        return {
            "mod_mam": {"default": "always"},
            "mod_muc": {
                "host": on_each_host(self.room_host),
                "default_room_options": {"mam": True},
            },
            "mod_http_upload": upload,
            "mod_pubsub": {"host": on_each_host(self.pubsub_host), "plugins": ["flat", "pep"]},
            "mod_stun_disco": {
                "secret": "for tests",
                "services": [
                    {"host": self.address, "port": 3478, "type": kind, "restricted": kind == "turn"}
                    for kind in ("stun", "turn")
                ],
            },
        }

    @classmethod
    def _libraries(cls) -> str:
        """Find the folder of the package's Erlang libraries, which its own script names."""
        script = cls.find(cls.command)
        assert script is not None, "ejabberdctl is not installed"
        text = (cls.system() / script.lstrip("/")).read_text()
        named = re.search(r"^ERL_LIBS='?([^'\n]+)'?$", text, re.MULTILINE)
        if named is None:
            raise ServerFailed(f"{script} does not say where ejabberd's libraries are")
        return named[1]


def _authentication(password_hash: str | None) -> dict[str, object]:
    if password_hash is None:
        return {"auth_method": "internal", "auth_password_format": "plain"}
    return {
        "auth_method": "internal",
        "auth_password_format": "scram",
        "auth_scram_hash": HASHES[password_hash],
    }
