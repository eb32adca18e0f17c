// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes

/// A range of an object that somebody looked up and reads piece by piece.
struct Reading {
    let key: ObjectKey
    let content: StoreState.Content
    let body: any ObjectBody
    /// Of the next piece in the object.
    var offset: Int
    let end: Int

    init(_ object: any OpenedObject, _ content: StoreState.Content, _ range: Range<Int>) {
        key = object.info.key
        self.content = content
        body = object.read(UInt64(range.lowerBound)..<UInt64(range.upperBound))
        offset = range.lowerBound
        end = range.upperBound
    }
}
