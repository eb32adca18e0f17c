// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// All that a store must hold, as its clients see it: what the real one is compared with.
///
/// Keys, contents and uploads are numbers; `ContentBook` and `UploadBook` know their bytes and names.
package struct StoreState: Hashable, Sendable {
    /// What a reader gets.
    package struct Content: Hashable, Sendable {
        /// Of the `ContentBook`, in order; one for an object that was put in one piece.
        var contents: [Int]
        /// Completed from parts, be it a single one.
        var isMultipart: Bool

        package init(contents: [Int], isMultipart: Bool) {
            self.contents = contents
            self.isMultipart = isMultipart
        }
    }

    package struct Object: Hashable, Sendable {
        var content: Content
        /// The upload that made it since the last start: completing it again gives the same answer. No reader sees this.
        var origin: Int?
    }

    package struct Upload: Hashable, Sendable {
        let key: Int
        /// Number to content.
        var parts: [Int: Int] = [:]
    }

    var objects: [Int: Object] = [:]
    var uploads: [Int: Upload] = [:]

    package init() {}

    /// Whether no reader could tell the two from each other.
    func looksLike(_ other: StoreState) -> Bool {
        uploads == other.uploads && objects.count == other.objects.count
            && objects.allSatisfy { other.objects[$0]?.content == $1.content }
    }
}
