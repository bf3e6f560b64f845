"""Which addresses a source may live at. A name is judged by what it resolves to, a number by what it means.

Services that hand out a machine's own credentials listen on link-local addresses, and what listens on this machine trusts
who comes from it; a source's url must not be a way to either.
"""

from __future__ import annotations

import ipaddress
import socket

from connectors.base import Misconfigured

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LOOPBACK = {4: ipaddress.ip_network("127.0.0.0/8"), 6: ipaddress.ip_network("::1/128")}
_METADATA = frozenset(ipaddress.ip_address(text) for text in ("169.254.169.254", "fd00:ec2::254", "100.100.100.200"))
"""Where clouds hand out a machine's own credentials (AWS, Azure, Google, Oracle; AWS on IPv6; Alibaba)."""


def literal(host: str) -> Address | None:
    """The address that a host name spells, in every spelling that a resolver takes (``0x7f.1``, ``2130706433``), else None."""
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        pass  # a name, or a number in a spelling that resolvers take and this parser does not
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its plain spelling; nothing is resolved, and no odd spelling is taken."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host == "localhost"
    return address in _LOOPBACK[address.version]


def judge(address: Address, host: str, *, private: bool) -> None:
    """Nothing if a source named ``host`` may be read at ``address``; else raises ``Misconfigured``.

    ``private`` is the setting ``allow_private_networks``. Link-local, metadata, multicast and unspecified addresses are
    refused whatever it says.
    """
    address = _meant(address)
    if address in _METADATA or address.is_link_local or address.is_multicast or address.is_unspecified:
        raise Misconfigured(
            f"the host {host} stands for an address that no source lives at; nothing was sent",
            hint="Set `url` in config.toml to the vendor's own address.",
        )
    if is_loopback(host):
        if not address.is_loopback:
            raise Misconfigured(f"the host {host} is not this machine", hint="Check the hosts file of this machine.")
        return
    site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    if not private and (not address.is_global or address.is_reserved or site_local):
        raise Misconfigured(
            f"the host {host} is inside a private network; nothing was sent",
            hint="If the source really lives there, set `allow_private_networks = true` for it in config.toml.",
        )


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for (mapped, NAT64, 6to4, Teredo), else itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
