#!/usr/bin/env bash
# Copyright the Drydock authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs what is missing for a purpose and says so. Usage: scripts/require.sh build|clients|bench ...
set -euo pipefail
cd "$(dirname "$0")/.."

debian_packages() {
    case "$1" in
    build) echo "libssl-dev libzstd-dev libxxhash-dev librocksdb-dev pkg-config" ;;
    clients) echo "curl python3 python3-venv s3cmd rclone restic skopeo buildah docker.io" ;;
    bench) echo "curl openssl wrk nginx-light docker-registry skopeo restic borgbackup casync postgresql" ;;
    *) echo "scripts/require.sh: unknown purpose '$1'; there are build, clients and bench" >&2; exit 2 ;;
    esac
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install_debian() {
    local missing=()
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ "${#missing[@]}" -gt 0 ] || return 0
    echo "drydock: installing Debian packages: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    # A fresh machine has no package lists yet.
    if ! as_root apt-get install -y --no-install-recommends "${missing[@]}" >/tmp/drydock-apt.log 2>&1; then
        as_root apt-get update >/dev/null
        as_root apt-get install -y --no-install-recommends "${missing[@]}" >/tmp/drydock-apt.log 2>&1 || {
            tail -n 20 /tmp/drydock-apt.log >&2
            echo "drydock: can't install ${missing[*]}" >&2
            exit 1
        }
    fi
}

install_python() {
    local environment=.build/clients
    local wanted=Tests/Clients/requirements.txt
    if [ -x "$environment/bin/python" ] && cmp -s "$wanted" "$environment/requirements.txt"; then return 0; fi
    echo "drydock: installing PyPI packages of $wanted into $environment"
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check -r "$wanted"
    cp "$wanted" "$environment/requirements.txt"
}

command -v swift >/dev/null || { echo "drydock: a Swift 6.2 or newer toolchain must be on the PATH" >&2; exit 1; }
for purpose in "$@"; do
    # shellcheck disable=SC2046
    install_debian $(debian_packages "$purpose")
    if [ "$purpose" = clients ]; then install_python; fi
done
