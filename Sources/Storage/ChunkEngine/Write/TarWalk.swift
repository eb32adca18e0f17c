// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// Goes from header to header of a tar and says where an entry's data begin and end.
///
/// A header is looked for at each multiple of 512 bytes, which costs a look at four bytes, and behind a header at the end of its
/// entry only. So whatever is no tar, and what comes after one or in the middle of a part, is searched until a header turns up;
/// one that lies across the border of two parts is seen by neither. Whether an offset is a multiple is counted from the
/// start of the part: parts of other lengths find no headers. All state follows from the bytes before `position`.
struct TarWalk {
    /// Shorter data are not worth chunks of their own.
    let dataByteCountMin: Int
    /// Where the next header may be; those before it are known.
    private(set) var position = 0
    /// The last entry that is long enough, until its end is passed. Offsets in the content.
    private(set) var data: Range<Int>?
    /// Where the first header is, once it is known.
    private(set) var first: Int?
    /// `position` is where these data begin: they may be a tar themselves.
    private var isAtData = false
    /// The end of the data that are the tar being walked through. What claims to go further is no entry of it.
    private var end = Int.max

    init(dataByteCountMin: Int) {
        self.dataByteCountMin = dataByteCountMin
    }

    /// Passes over bytes without a header: of an entry's data, or before the first.
    mutating func skip(to offset: Int) {
        position = max(position, Self.blockEnd(offset))
    }

    /// Looks at headers as far as `bytes` go, or up to the next entry that is long enough.
    ///
    /// - Parameter start: where `bytes` lie in the content; not behind `position`.
    mutating func advance(_ bytes: UnsafeRawBufferPointer, at start: Int) {
        if let data, data.upperBound <= start { self.data = nil }
        while data == nil || isAtData && data?.lowerBound == start {
            let offset = position - start
            guard offset + TarHeader.byteCount <= bytes.count else { return }
            step(TarHeader.dataByteCount(.init(rebasing: bytes[offset..<offset + TarHeader.byteCount])))
        }
    }

    /// - Parameter byteCount: what the header at `position` says; nil when there is none.
    private mutating func step(_ byteCount: Int?) {
        if position >= end { end = .max }
        let outer = isAtData ? data : nil
        isAtData = false
        let start = position + TarHeader.byteCount
        guard let byteCount, byteCount <= (outer?.upperBound ?? end) - start else {
            position = outer.map { Self.blockEnd($0.upperBound) } ?? start
            return
        }
        first = first ?? position
        if let outer { end = outer.upperBound }
        isAtData = byteCount >= dataByteCountMin
        data = isAtData ? start..<start + byteCount : nil
        position = isAtData ? start : start + Self.blockEnd(byteCount)
    }

    private static func blockEnd(_ offset: Int) -> Int {
        offset.roundedUp(toMultipleOf: TarHeader.byteCount)
    }
}
