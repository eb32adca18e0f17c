// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// How a write's content is made chunks of: what the writer knows of it and the store does not. Whatever it says, the same
/// bytes come back. Raw values are on disk: never reuse one.
package enum Chunking: UInt8, Sendable, Hashable, CaseIterable {
    /// Where the bytes themselves say so.
    case contentDefined = 0
    /// At multiples of 64 KiB, for database files: pages are overwritten where they lie and nothing ever moves. In a tar the
    /// multiples are counted from the start of each entry's data.
    case pages = 1
    /// As few as can be, and nothing is tried on them: for what is compressed and never changes a little.
    case whole = 2

    /// As in `x-drydock-chunking`.
    package var name: String {
        switch self {
        case .contentDefined: "content-defined"
        case .pages: "pages"
        case .whole: "whole"
        }
    }
}
