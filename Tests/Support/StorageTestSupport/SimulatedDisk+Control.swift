// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What a look-up that may not wait finds.
package enum SimulatedCaching: Sendable, Hashable {
    case always, never
    /// By seed, one time in two.
    case random
}

/// What a test does to the drive behind the back of its user.
extension SimulatedDisk {
    /// Writes beyond it fail with "no space". Nil, as at first: without limit.
    package func setCapacity(byteCount: UInt64?) {
        state.withLock { $0.capacityByteCount = byteCount }
    }

    /// Turns over a bit of the medium for good. The file and the byte must exist.
    package func flipBit(of path: String, byte: Int, bit: Int = 0) {
        state.withLock { state in
            guard case .file(let file) = state.directories.visible[path] else {
                preconditionFailure("no file at \(path)")
            }
            state.files[file]?.flipBit(byte: byte, bit: bit)
        }
    }

    /// Takes a file or an empty directory out of the tree for good, as a person does with a folder that is to be kept elsewhere.
    package func moveAway(_ path: String) {
        state.withLock { state in
            state.directories.remove(path)
            state.directories.sync(SimulatedDirectories.parent(path))
        }
    }

    /// Makes reads of these bytes fail, as on a bad sector; nil: of none. The file must exist.
    package func setUnreadable(_ range: Range<UInt64>?, of path: String) {
        state.withLock { state in
            guard case .file(let file) = state.directories.visible[path] else {
                preconditionFailure("no file at \(path)")
            }
            state.unreadable[file] = range
        }
    }

    /// What a reader sees; nil when there is no such file.
    package func contents(of path: String) -> [UInt8]? {
        state.withLock { state in
            guard case .file(let file) = state.directories.visible[path] else { return nil }
            return state.files[file]?.visible
        }
    }

    /// Paths of all files, sorted.
    package var filePaths: [String] {
        state.withLock { state in
            state.directories.visible.compactMap { $0.value == .directory ? nil : $0.key }.sorted()
        }
    }

    /// The drive as the next start finds it. This one is without power from now on.
    package func afterPowerLoss(_ mode: PowerLossMode, power next: SimulatedPower) -> SimulatedDisk {
        power.cut()
        return survivor(mode, power: next, state.withLock { $0.generator })
    }

    /// What a start would find if the power went now.
    func survivor(_ mode: PowerLossMode, power next: SimulatedPower, _ generator: SeededGenerator) -> SimulatedDisk {
        let survivor = state.withLock { state in
            var generator = generator
            var survivor = State(
                directories: state.directories.afterPowerLoss(mode, &generator),
                nextFile: state.nextFile,
                capacityByteCount: state.capacityByteCount,
                generator: next.fork()
            )
            let names = survivor.directories.referencedFiles
            // Sorted: the order of a dictionary differs from run to run and would spend the seed differently.
            for file in names.sorted() {
                survivor.files[file] = state.files[file]?.afterPowerLoss(mode, &generator)
            }
            return survivor
        }
        return SimulatedDisk(power: next, caching: caching, state: survivor)
    }

    func isCached() -> Bool {
        switch caching {
        case .always: true
        case .never: false
        case .random: state.withLock { $0.generator.coin() }
        }
    }
}
