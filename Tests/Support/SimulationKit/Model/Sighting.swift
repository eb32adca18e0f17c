// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// What a read has seen in one place. A listing sees many places, each at its own time.
enum Sighting: Hashable, Sendable {
    case object(key: Int, StoreState.Content?)
    case parts(upload: Int, [Int: Int]?)

    var place: UInt64 {
        switch self {
        case .object(let key, _): StoreOperation.bit(key: key)
        case .parts(let upload, _): StoreOperation.bit(upload: upload)
        }
    }
}

extension StoreOperation {
    /// What a read sees.
    func sightings(in state: StoreState) -> [Sighting] {
        var copy = state
        return sightings(saying: apply(to: &copy))
    }

    /// What a read that gave this answer has seen.
    func sightings(saying answer: StoreAnswer) -> [Sighting] {
        switch (self, answer) {
        case (.get(let key), .made(let content)): [.object(key: key, content)]
        case (.get(let key), _): [.object(key: key, nil)]
        case (_, .listing(let objects)): (0..<Self.keyCountMax).map { .object(key: $0, objects[$0]) }
        case (.listParts(let upload), .parts(let parts)): [.parts(upload: upload, parts)]
        case (.listParts(let upload), _): [.parts(upload: upload, nil)]
        default: []
        }
    }
}

extension StoreState {
    /// As `StoreOperation.places`.
    func places(thatDifferFrom other: StoreState) -> UInt64 {
        var result: UInt64 = 0
        for key in Set(objects.keys).union(other.objects.keys)
        where objects[key]?.content != other.objects[key]?.content {
            result |= StoreOperation.bit(key: key)
        }
        for upload in Set(uploads.keys).union(other.uploads.keys) where uploads[upload] != other.uploads[upload] {
            result |= StoreOperation.bit(upload: upload)
        }
        return result
    }
}
