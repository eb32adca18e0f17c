// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The one program: each verb is a file of its own.
@main
struct Drydock: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drydock",
        abstract: "An S3 object store and OCI registry on one content-addressed engine.",
        version: "drydock 0.1.0",
        subcommands: [Serve.self, Fsck.self, CollectGarbage.self, Scrub.self, Stats.self]
    )
}
