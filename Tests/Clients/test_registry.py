# Copyright the Drydock authors
# SPDX-License-Identifier: Apache-2.0
"""skopeo, buildah and docker against the registry."""

import base64
import concurrent.futures
import contextlib
import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request

import pytest
from drydock import Drydock, run
from images import blob_names, write_image


@pytest.fixture
def environment(directory):
    home = f"{directory}/home"
    os.makedirs(home)
    return {"PATH": os.environ["PATH"], "HOME": home, "TMPDIR": directory, "LANG": "C.UTF-8"}


@pytest.fixture
def skopeo(server, environment):
    credentials = f"{server.access_key}:{server.secret_key}"

    def copy(source, target):
        options = []
        if source.startswith("docker://"):
            options += ["--src-tls-verify=false", "--src-creds", credentials]
        if target.startswith("docker://"):
            options += ["--dest-tls-verify=false", "--dest-creds", credentials]
        return run(["skopeo", "--insecure-policy", "copy", *options, source, target], environment)

    return copy


def get(server, path, method="GET", headers=None, authenticated=True):
    token = base64.b64encode(f"{server.access_key}:{server.secret_key}".encode()).decode()
    request = urllib.request.Request(f"http://{server.registry}{path}", method=method, headers=headers or {})
    if authenticated:
        request.add_header("Authorization", f"Basic {token}")
    try:
        return urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        return error


def test_the_ping_challenges(server):
    answer = get(server, "/v2/", authenticated=False)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"
    assert get(server, "/v2/").status == 200


def test_skopeo_from_a_layout_to_the_registry_and_back(server, skopeo, directory):
    digest = write_image(f"{directory}/image")
    skopeo(f"oci:{directory}/image:latest", f"docker://{server.registry}/team/app:1")
    skopeo(f"docker://{server.registry}/team/app:1", f"oci:{directory}/back:latest")
    assert blob_names(f"{directory}/image") == blob_names(f"{directory}/back")
    answer = get(server, "/v2/team/app/manifests/1")
    assert answer.headers["Docker-Content-Digest"] == digest


def test_skopeo_between_a_directory_and_the_registry(server, skopeo, directory):
    write_image(f"{directory}/image", seed="dir")
    skopeo(f"oci:{directory}/image:latest", f"dir:{directory}/dir")
    skopeo(f"dir:{directory}/dir", f"docker://{server.registry}/dir/app:latest")
    skopeo(f"docker://{server.registry}/dir/app:latest", f"dir:{directory}/again")
    names = lambda base: {name for name in os.listdir(base)}
    assert names(f"{directory}/dir") == names(f"{directory}/again")


def test_skopeo_from_registry_to_registry(server, skopeo, environment, directory):
    write_image(f"{directory}/image", seed="between")
    skopeo(f"oci:{directory}/image:latest", f"docker://{server.registry}/one/app:1")
    with Drydock.temporary() as other:
        skopeo(f"docker://{server.registry}/one/app:1", f"docker://{other.registry}/two/app:2")
        out = run(["skopeo", "inspect", "--tls-verify=false", "--creds", f"{other.access_key}:{other.secret_key}",
                   f"docker://{other.registry}/two/app:2"], environment)
        assert json.loads(out.stdout)["RepoTags"] == ["2"]


def test_skopeo_lists_tags_and_deletes(server, skopeo, environment, directory):
    write_image(f"{directory}/image", seed="tags")
    for tag in ["b", "a", "c"]:
        skopeo(f"oci:{directory}/image:latest", f"docker://{server.registry}/tags/app:{tag}")
    credentials = f"{server.access_key}:{server.secret_key}"
    out = run(["skopeo", "list-tags", "--tls-verify=false", "--creds", credentials,
               f"docker://{server.registry}/tags/app"], environment)
    assert json.loads(out.stdout)["Tags"] == ["a", "b", "c"]
    run(["skopeo", "delete", "--tls-verify=false", "--creds", credentials, f"docker://{server.registry}/tags/app:a"],
        environment)
    assert get(server, "/v2/tags/app/manifests/a").status == 404


def test_pushing_the_same_layers_again_moves_no_content(server, skopeo, directory):
    write_image(f"{directory}/image", seed="again", layer_bytes=(20 << 20,))
    skopeo(f"oci:{directory}/image:latest", f"docker://{server.registry}/again/app:1")
    before = pack_bytes(server)
    skopeo(f"oci:{directory}/image:latest", f"docker://{server.registry}/elsewhere/app:1")
    assert pack_bytes(server) - before < 1 << 20


def pack_bytes(server):
    return sum(os.stat(entry).st_size for entry in os.scandir(f"{server.data}/packs"))


def test_many_pushes_at_once(server, skopeo, directory):
    for seed in range(6):
        write_image(f"{directory}/image{seed}", seed=f"many{seed % 3}")

    def push(seed):
        skopeo(f"oci:{directory}/image{seed}:latest", f"docker://{server.registry}/many/app:{seed}")

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(push, range(6)))
    for seed in range(6):
        skopeo(f"docker://{server.registry}/many/app:{seed}", f"oci:{directory}/back{seed}:latest")
        assert blob_names(f"{directory}/image{seed}") == blob_names(f"{directory}/back{seed}")


def test_a_pull_resumes_with_a_range(server, skopeo, directory):
    write_image(f"{directory}/image", seed="range")
    skopeo(f"oci:{directory}/image:latest", f"docker://{server.registry}/range/app:1")
    layer = json.load(get(server, "/v2/range/app/manifests/1"))["layers"][0]
    whole = get(server, f"/v2/range/app/blobs/{layer['digest']}").read()
    part = get(server, f"/v2/range/app/blobs/{layer['digest']}", headers={"Range": "bytes=1000000-"})
    assert part.status == 206 and part.read() == whole[1_000_000:]


def can_run_buildah(environment, directory):
    if os.geteuid() != 0:
        return "buildah needs root here"
    probe = subprocess.run(["buildah", "--storage-driver", "vfs", "--root", f"{directory}/probe", "--runroot",
                            f"{directory}/probe-run", "from", "scratch"], env=environment, capture_output=True, text=True)
    return None if probe.returncode == 0 else f"buildah can't work on this machine: {probe.stderr.strip()[-200:]}"


def test_buildah_push_and_pull(server, environment, directory):
    reason = can_run_buildah(environment, directory)
    if reason:
        pytest.skip(reason)
    base = ["buildah", "--storage-driver", "vfs", "--root", f"{directory}/storage", "--runroot", f"{directory}/run"]
    write_image(f"{directory}/image", seed="buildah")
    with open(f"{directory}/policy.json", "w") as file:
        json.dump({"default": [{"type": "insecureAcceptAnything"}]}, file)
    policy = ["--signature-policy", f"{directory}/policy.json"]
    credentials = ["--tls-verify=false", "--creds", f"{server.access_key}:{server.secret_key}"]
    run(["skopeo", "--insecure-policy", "copy", f"oci:{directory}/image:latest",
         f"docker-archive:{directory}/image.tar:localhost/made:1"], environment)
    image = run([*base, "pull", *policy, f"docker-archive:{directory}/image.tar"], environment).stdout.split()[-1]
    target = f"{server.registry}/buildah/app:1"
    run([*base, "push", *policy, *credentials, image, f"docker://{target}"], environment)
    run([*base, "rmi", "--all", "--force"], environment)
    run([*base, "pull", *policy, *credentials, f"docker://{target}"], environment)
    assert target in run([*base, "images", "--format", "{{.Name}}:{{.Tag}}"], environment).stdout


@contextlib.contextmanager
def docker_daemon(directory, registry):
    """Debian's dockerd on a socket and data root of its own; no network of its own is needed for push and pull."""
    socket = f"unix://{directory}/docker.sock"
    log = open(f"{directory}/dockerd.log", "wb")
    process = subprocess.Popen(
        ["dockerd", "--host", socket, "--data-root", f"{directory}/docker", "--exec-root", f"{directory}/docker-exec",
         "--pidfile", f"{directory}/docker.pid", "--iptables=false", "--ip6tables=false", "--bridge=none",
         "--storage-driver", "vfs", "--insecure-registry", registry],
        stdout=log, stderr=log, stdin=subprocess.DEVNULL,
    )
    try:
        for _ in range(150):
            if subprocess.run(["docker", "--host", socket, "info"], capture_output=True).returncode == 0:
                break
            if process.poll() is not None:
                break
            time.sleep(0.2)
        else:
            process.terminate()
        yield socket if process.poll() is None else None
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=30)
        if process.poll() is None:
            process.kill()
        log.close()


def test_docker_push_and_pull(server, environment, directory):
    if os.geteuid() != 0:
        pytest.skip("dockerd needs root")
    if shutil.which("dockerd") is None:
        pytest.skip("dockerd is not installed")
    write_image(f"{directory}/image", seed="docker")
    target = f"{server.registry}/docker/app:1"
    run(["skopeo", "--insecure-policy", "copy", f"oci:{directory}/image:latest",
         f"docker-archive:{directory}/image.tar:{target}"], environment)
    with docker_daemon(directory, server.registry) as socket:
        if socket is None:
            with open(f"{directory}/dockerd.log") as file:
                pytest.skip(f"dockerd does not run on this machine: {file.read()[-300:]}")
        docker = ["docker", "--host", socket]
        run([*docker, "load", "--input", f"{directory}/image.tar"], environment)
        run([*docker, "login", "-u", server.access_key, "-p", server.secret_key, server.registry], environment)
        first = run([*docker, "inspect", "--format", "{{.Id}}", target], environment).stdout
        run([*docker, "push", target], environment)
        run([*docker, "rmi", target], environment)
        run([*docker, "pull", target], environment)
        assert run([*docker, "inspect", "--format", "{{.Id}}", target], environment).stdout == first
