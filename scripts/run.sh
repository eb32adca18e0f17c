#!/usr/bin/env bash
# Copyright the Drydock authors
# SPDX-License-Identifier: Apache-2.0
#
# Starts storage and registry and prints what to type next. Arguments go to `drydock serve`.
set -euo pipefail
cd "$(dirname "$0")/.."
exec .build/release/drydock serve "$@"
