// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// One piece of work that can be repeated and timed from outside.
public struct MicroBenchmark: Sendable {
    /// `Area: operation, size`
    public let name: String
    /// What one iteration handles: bytes, keys or records.
    public let unitsPerIteration: Int
    /// What a unit is.
    public let unit: String
    /// Does the work so often and returns a value that depends on it, so that nothing is optimized away.
    public let run: @Sendable (_ iterations: Int) -> UInt64

    init(_ name: String, units: Int, _ unit: String, _ run: @escaping @Sendable (Int) -> UInt64) {
        self.name = name
        unitsPerIteration = units
        self.unit = unit
        self.run = run
    }

    /// All suites. Those on disk work below `directory`, which must exist and be empty.
    public static func all(directory: String) -> [MicroBenchmark] {
        hashers() + cuts() + formats() + metadata(directory: directory)
    }

    /// Incompressible bytes, the same on each run.
    static func content(_ byteCount: Int) -> [UInt8] {
        var state: UInt64 = 42
        return (0..<byteCount).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
    }
}
