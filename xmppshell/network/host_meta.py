"""Finding a domain's WebSocket by its host-meta file over HTTPS (XEP-0156, RFC 6415).

The file is only as good as its certificate: what it names is trusted in the name of the domain,
so the certificate is verified for the domain.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from typing import Final

from . import failures
from . import websocket_failures as ws_failures
from .certificates import CertificateFacts, Flaw
from .hostname import host_and_port, to_ascii
from .tls import FLAWS, TlsSettings, client_context

WEBSOCKET_RELATION: Final = "urn:xmpp:alt-connections:websocket"
HTTPS_PORT: Final = 443
MAX_BYTES: Final = 256 * 1024
"""The largest file that is read."""

_PATH = "/.well-known/host-meta"
_XRD = "http://docs.oasis-open.org/ns/xri/xrd-1.0"


async def find_websockets(
    domain: str,
    settings: TlsSettings,
    *,
    port: int | None = None,
    timeout: float = 10.0,  # noqa: ASYNC109 - becomes a failure with a reason
) -> list[str]:
    """Return the addresses of the WebSockets that `domain` names, in its order, never none.

    They are as they stand in the file; the XML form is asked for first, then the JSON form.
    `settings` say which certificates to trust, `timeout` is for each of the two files.

    Raises ConnectionFailed (kind "host-meta", or "certificate", "dns", "file").
    """
    try:
        host = to_ascii(domain)
    except ValueError:
        raise failures.bad_name(domain) from None
    base = f"https://{host_and_port(host, port or HTTPS_PORT).removesuffix(':443')}{_PATH}"
    context = client_context(settings)
    said = []
    for url, read in ((base, _links_of_xml), (f"{base}.json", _links_of_json)):
        try:
            text = await asyncio.to_thread(_fetch, url, context, timeout, domain)
            addresses = list(read(text))
        except _NoFileError as error:
            said.append(f"{url}: {error}")
            if error.final:
                break
        else:
            if addresses:
                return addresses
            said.append(f"{url} has none")
    raise ws_failures.none_found(domain, "; ".join(said))


class _NoFileError(Exception):
    """There is no file to be had, or none that can be read; `final` if there is no server."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


def _fetch(url: str, context: ssl.SSLContext, seconds: float, domain: str) -> bytes:
    """Return what is at `url`; blocks for at most about `seconds`.

    Raises _NoFileError, and ConnectionFailed for a certificate that is not accepted.
    """
    import http.client
    import urllib.error
    import urllib.request

    class OnlyHttps(urllib.request.HTTPRedirectHandler):
        """Follows redirects, but not off TLS."""

        def redirect_request(
            self, req: urllib.request.Request, *arguments: object
        ) -> urllib.request.Request | None:
            """Refuse what is not https; see the base class."""
            target = str(arguments[-1])
            if not target.lower().startswith("https:"):
                raise _NoFileError(f"it leads off TLS, to {target}")
            return super().redirect_request(req, *arguments)  # type: ignore[arg-type]

    # No proxy: the stream will not use one either.
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=context),
        OnlyHttps(),
    )
    request = urllib.request.Request(url, headers={"User-Agent": "xmppshell"})
    try:
        with opener.open(request, timeout=seconds) as response:
            data: bytes = response.read(MAX_BYTES + 1)
    except urllib.error.HTTPError as error:
        error.close()
        raise _NoFileError(f"{error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise _explained(error.reason, domain) from error
    except http.client.HTTPException as error:
        raise _NoFileError("what answers is not HTTP") from error
    except OSError as error:
        raise _explained(error, domain) from error
    if len(data) > MAX_BYTES:
        raise _NoFileError(f"it is larger than {MAX_BYTES:,} bytes")
    return data


def _explained(reason: str | BaseException, domain: str) -> Exception:
    """Return the exception to raise for what went wrong on the way to the file."""
    if isinstance(reason, ssl.SSLCertVerificationError):
        flaw = FLAWS.get(reason.verify_code, Flaw.OTHER)
        return failures.certificate_failed(flaw, domain, CertificateFacts(), reason.verify_message)
    if isinstance(reason, TimeoutError):
        return _NoFileError("no answer in time", final=True)
    if isinstance(reason, OSError):
        return _NoFileError(reason.strerror or str(reason), final=True)
    return _NoFileError(str(reason), final=True)


def _links_of_xml(data: bytes) -> Iterable[str]:
    """Give the addresses in a host-meta file in XML (RFC 6415 3.1)."""
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise _NoFileError("it is not well-formed XML") from error
    for link in root.iter(f"{{{_XRD}}}Link"):
        if link.get("rel") == WEBSOCKET_RELATION and link.get("href"):
            yield str(link.get("href"))


def _links_of_json(data: bytes) -> Iterable[str]:
    """Give the addresses in a host-meta file in JSON (RFC 6415 appendix A)."""
    import json

    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _NoFileError("it is not JSON") from error
    links = document.get("links") if isinstance(document, dict) else None
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("rel") == WEBSOCKET_RELATION:
            address = link.get("href")
            if isinstance(address, str) and address:
                yield address
