# Copyright the Drydock authors
# SPDX-License-Identifier: Apache-2.0
"""Real images without a network: OCI layouts made by hand from tar files."""

import gzip
import hashlib
import io
import json
import os
import tarfile

from files import content


def _blob(layout, data):
    digest = hashlib.sha256(data).hexdigest()
    os.makedirs(f"{layout}/blobs/sha256", exist_ok=True)
    with open(f"{layout}/blobs/sha256/{digest}", "wb") as file:
        file.write(data)
    return f"sha256:{digest}"


def _layer(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            entry.mode = 0o755
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def write_image(layout, tag="latest", seed=1, layer_bytes=(2 << 20, 300_000)):
    """An OCI layout with one layer per size; returns the manifest's digest."""
    tars = [_layer({f"data/{seed}-{number}": content(f"{seed}{number}", size)}) for number, size in enumerate(layer_bytes)]
    layers = []
    for tar in tars:
        packed = gzip.compress(tar, 6, mtime=0)
        layers.append({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": _blob(layout, packed),
                       "size": len(packed)})
    config = json.dumps({
        "architecture": "amd64", "os": "linux", "config": {"Cmd": ["/data"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(tar).hexdigest()}" for tar in tars]},
        "history": [{"created_by": "test"} for _ in tars],
    }).encode()
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": _blob(layout, config),
                   "size": len(config)},
        "layers": layers,
    }).encode()
    digest = _blob(layout, manifest)
    with open(f"{layout}/oci-layout", "w") as file:
        json.dump({"imageLayoutVersion": "1.0.0"}, file)
    with open(f"{layout}/index.json", "w") as file:
        json.dump({"schemaVersion": 2, "manifests": [{
            "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": len(manifest),
            "annotations": {"org.opencontainers.image.ref.name": tag},
        }]}, file)
    return digest


def blob_names(layout):
    return sorted(os.listdir(f"{layout}/blobs/sha256"))
