// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// What a client asks of a store. Each happens in one instant between its call and its answer.
package enum StoreOperation: Hashable, Sendable {
    case put(key: Int, content: Int, onlyIfAbsent: Bool)
    case delete(keys: [Int])
    case copy(from: Int, to: Int)
    case createUpload(Int, key: Int)
    case putPart(upload: Int, number: Int, content: Int)
    case complete(upload: Int, key: Int, parts: [Part])
    case abort(upload: Int)
    case get(key: Int)
    case list
    case listParts(upload: Int)

    package struct Part: Hashable, Sendable {
        let number: Int
        let content: Int

        package init(number: Int, content: Int) {
            self.number = number
            self.content = content
        }
    }

    var changesNothing: Bool {
        switch self {
        case .get, .list, .listParts: true
        case .put, .delete, .copy, .createUpload, .putPart, .complete, .abort: false
        }
    }

    /// A bit for each key and upload it may read or change; the bits of uploads are shared, which only makes operations
    /// look more dependent than they are.
    var places: UInt64 {
        switch self {
        case .put(let key, _, _), .get(let key): Self.bit(key: key)
        case .delete(let keys): keys.reduce(0) { $0 | Self.bit(key: $1) }
        case .copy(let source, let target): Self.bit(key: source) | Self.bit(key: target)
        case .createUpload(let upload, _), .putPart(let upload, _, _), .abort(let upload), .listParts(let upload):
            Self.bit(upload: upload)
        case .complete(let upload, let key, _): Self.bit(upload: upload) | Self.bit(key: key)
        case .list: .max
        }
    }

    static let keyCountMax = 16

    static func bit(key: Int) -> UInt64 { 1 << UInt64(key % keyCountMax) }
    static func bit(upload: Int) -> UInt64 { 1 << UInt64(keyCountMax + upload % (64 - keyCountMax)) }
}

/// What a store answers.
package enum StoreAnswer: Hashable, Sendable {
    case done
    case made(StoreState.Content)
    case listing([Int: StoreState.Content])
    case parts([Int: Int])
    case refused(Refusal)

    package enum Refusal: Hashable, Sendable {
        case noSuchKey, preconditionFailed, noSuchUpload, invalidPart
    }
}

extension StoreOperation {
    /// Does to `state` what a store must do, and says what it must answer.
    @discardableResult
    package func apply(to state: inout StoreState) -> StoreAnswer {
        switch self {
        case .put(let key, let content, let onlyIfAbsent):
            if onlyIfAbsent, state.objects[key] != nil { return .refused(.preconditionFailed) }
            return Self.store(.init(contents: [content], isMultipart: false), at: key, in: &state)
        case .delete(let keys):
            for key in keys { state.objects[key] = nil }
            return .done
        case .copy(let source, let target):
            guard let object = state.objects[source] else { return .refused(.noSuchKey) }
            return Self.store(object.content, at: target, in: &state)
        case .createUpload(let upload, let key):
            state.uploads[upload] = StoreState.Upload(key: key)
            return .done
        case .putPart(let upload, let number, let content):
            guard state.uploads[upload] != nil else { return .refused(.noSuchUpload) }
            state.uploads[upload]?.parts[number] = content
            return .done
        case .complete(let upload, let key, let parts):
            return Self.complete(upload, key, parts, in: &state)
        case .abort(let upload):
            return state.uploads.removeValue(forKey: upload) == nil ? .refused(.noSuchUpload) : .done
        case .get(let key):
            return state.objects[key].map { .made($0.content) } ?? .refused(.noSuchKey)
        case .list:
            return .listing(state.objects.mapValues(\.content))
        case .listParts(let upload):
            return state.uploads[upload].map { .parts($0.parts) } ?? .refused(.noSuchUpload)
        }
    }

    private static func store(
        _ content: StoreState.Content,
        at key: Int,
        in state: inout StoreState,
        origin: Int? = nil
    ) -> StoreAnswer {
        state.objects[key] = StoreState.Object(content: content, origin: origin)
        return .made(content)
    }

    /// Parts that are not listed go with the upload.
    private static func complete(_ upload: Int, _ key: Int, _ parts: [Part], in state: inout StoreState) -> StoreAnswer
    {
        guard let stored = state.uploads[upload] else {
            guard let object = state.objects[key], object.origin == upload else { return .refused(.noSuchUpload) }
            return .made(object.content)
        }
        guard parts.allSatisfy({ stored.parts[$0.number] == $0.content }) else { return .refused(.invalidPart) }
        state.uploads[upload] = nil
        let content = StoreState.Content(contents: parts.map(\.content), isMultipart: true)
        return store(content, at: key, in: &state, origin: upload)
    }
}
