// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Testing

/// All that goes over sockets; one after another, because time limits are among what is tested and a machine with two
/// cores has no time for 1,000 connections and 100 MB at once.
@Suite(.serialized, .timeLimit(.minutes(3))) struct SocketTests {}
