"""Certificates for the tests that speak TLS: an authority of its own, and what it signs."""

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from telemetry.clock import utc_now

_PLAIN = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


@dataclass(frozen=True)
class Authority:
    """An authority: its own certificate as a PEM file, and a folder for what it signs."""

    file: Path
    _key: ec.EllipticCurvePrivateKey
    _name: x509.Name

    @classmethod
    def new(cls, folder: Path, name: str = "authority") -> "Authority":
        """Make an authority."""
        key, subject = ec.generate_private_key(ec.SECP256R1()), _named(name)
        made = _builder(subject, subject, key.public_key())
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        file = folder / f"{name}.pem"
        file.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(_PLAIN[0]))
        return cls(file, key, subject)

    def issue(self, *hosts: str) -> Path:
        """Sign a certificate for hosts (names or addresses); give a PEM file with it and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([_host(each) for each in hosts])
        made = _builder(_named(hosts[0]), self._name, key.public_key()).add_extension(names, critical=False)
        file = self.file.with_name(f"{self.file.stem}-{hosts[0]}.pem")
        file.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(_PLAIN[0]) + key.private_bytes(*_PLAIN))
        return file


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = utc_now()
    span = (now - timedelta(hours=1), now + timedelta(days=1))
    return x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number(), *span)
