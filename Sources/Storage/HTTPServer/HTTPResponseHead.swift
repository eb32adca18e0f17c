// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// An answer's status and headers; `Content-Length`, `Date`, `Connection` and `Server` are the server's business.
package struct HTTPResponseHead: Sendable {
    package var status: Int
    /// Names as they go on the wire.
    package private(set) var fields: [(name: StaticName, value: String)] = []

    /// A header name known when the program was written, or one made at run time (user metadata).
    package enum StaticName: Sendable {
        case fixed(StaticString)
        case dynamic(String)
    }

    package init(status: Int) {
        self.status = status
        fields.reserveCapacity(12)
    }

    package mutating func add(_ name: StaticString, _ value: String) {
        fields.append((.fixed(name), value))
    }

    package mutating func add(dynamic name: String, _ value: String) {
        fields.append((.dynamic(name), value))
    }
}
