// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes

/// What an error says about the operation that threw it.
enum Verdict {
    /// An answer like any other.
    case refusal(StoreAnswer.Refusal)
    case nothingHappened
    /// The next start decides whether it has happened.
    case nobodyKnows
    /// There was no reason for it.
    case unexpected

    /// - Parameters:
    ///   - isStruck: a fault was injected into this life.
    ///   - wasRefusing: the store refused writes already when the operation began.
    init(
        _ error: StoreError,
        _ ending: SimulatedBody.Ending,
        isStruck: Bool,
        wasRefusing: Bool
    ) {
        switch error.code {
        case .noSuchKey: self = .refusal(.noSuchKey)
        case .preconditionFailed: self = .refusal(.preconditionFailed)
        case .noSuchUpload: self = .refusal(.noSuchUpload)
        case .invalidPart: self = .refusal(.invalidPart)
        case .incompleteBody:
            if case .broken = ending { self = .nothingHappened } else { self = .unexpected }
        case .badDigest:
            if case .wrongDigest = ending { self = .nothingHappened } else { self = .unexpected }
        case .slowDown: self = .nothingHappened
        case .insufficientStorage: self = isStruck ? .nothingHappened : .unexpected
        case .corrupted: self = isStruck ? .nothingHappened : .unexpected
        case .ioFailure, .unavailable:
            if !isStruck { self = .unexpected } else { self = wasRefusing ? .nothingHappened : .nobodyKnows }
        default: self = .unexpected
        }
    }
}
