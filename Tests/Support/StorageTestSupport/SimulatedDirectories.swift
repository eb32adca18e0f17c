// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// The names of a simulated disk: what a reader sees, what the platter has, and the changes between the two.
struct SimulatedDirectories {
    enum Entry: Equatable {
        case directory
        case file(Int)
    }

    /// Happens whole or not at all; durable once `directory` has been synced.
    private struct Change {
        let directory: String
        var removed: String?
        var added: (path: String, entry: Entry)?
    }

    private(set) var visible: [String: Entry]
    private var durable: [String: Entry]
    private var pending: [Change] = []

    /// Each path and those above it exist, durably.
    init(directories: [String]) {
        var entries: [String: Entry] = ["/": .directory]
        for directory in directories {
            var path = directory
            while path != "/" {
                entries[path] = .directory
                path = Self.parent(path)
            }
        }
        self.init(entries)
    }

    private init(_ entries: [String: Entry]) {
        visible = entries
        durable = entries
    }

    static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    /// Files that a name leads to, now or possibly after a loss of power.
    var referencedFiles: Set<Int> {
        var result: Set<Int> = []
        for entry in visible.values { if case .file(let file) = entry { result.insert(file) } }
        for entry in durable.values { if case .file(let file) = entry { result.insert(file) } }
        for change in pending { if case .file(let file) = change.added?.entry { result.insert(file) } }
        return result
    }

    func names(in directory: String) -> [String] {
        let prefix = directory == "/" ? "/" : directory + "/"
        return visible.keys
            .filter { $0 != directory && Self.parent($0) == directory }
            .map { String($0.dropFirst(prefix.count)) }
            .sorted()
    }

    mutating func add(_ path: String, _ entry: Entry) {
        visible[path] = entry
        pending.append(Change(directory: Self.parent(path), added: (path, entry)))
    }

    mutating func remove(_ path: String) {
        visible[path] = nil
        pending.append(Change(directory: Self.parent(path), removed: path))
    }

    /// Within a directory one change; between two directories each has its half, as POSIX allows.
    mutating func rename(_ source: String, to target: String, _ entry: Entry) {
        visible[source] = nil
        visible[target] = entry
        let (from, to) = (Self.parent(source), Self.parent(target))
        if from == to {
            pending.append(Change(directory: to, removed: source, added: (target, entry)))
        } else {
            pending.append(Change(directory: to, added: (target, entry)))
            pending.append(Change(directory: from, removed: source))
        }
    }

    mutating func sync(_ directory: String) {
        for change in pending where change.directory == directory { Self.apply(change, to: &durable) }
        pending.removeAll { $0.directory == directory }
    }

    /// Half of the random outcomes keep a beginning of the changes, as a journal does; the others any of them.
    func afterPowerLoss(_ mode: PowerLossMode, _ generator: inout SeededGenerator) -> SimulatedDirectories {
        var result = durable
        switch mode {
        case .dropUnsynced: break
        case .keepUnsynced: for change in pending { Self.apply(change, to: &result) }
        case .random:
            if generator.coin() {
                for change in pending.prefix(generator.below(pending.count + 1)) { Self.apply(change, to: &result) }
            } else {
                for change in pending where generator.coin() { Self.apply(change, to: &result) }
            }
        }
        // A name in a directory that was lost is lost with it.
        return SimulatedDirectories(result.filter { Self.isReachable($0.key, in: result) })
    }

    private static func isReachable(_ path: String, in entries: [String: Entry]) -> Bool {
        var path = path
        while path != "/" {
            path = parent(path)
            if entries[path] != .directory { return false }
        }
        return true
    }

    private static func apply(_ change: Change, to entries: inout [String: Entry]) {
        if let removed = change.removed { entries[removed] = nil }
        if let added = change.added { entries[added.path] = added.entry }
    }
}
