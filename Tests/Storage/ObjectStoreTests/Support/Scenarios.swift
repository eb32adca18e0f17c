// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// What is done while the power goes or an operation fails. Sizes are for the small configuration: 50 bytes are inline,
/// 900 one chunk, 9,000 a recipe that is committed in several steps.
enum Scenario: String, Sendable, CaseIterable {
    case puts, overwrites, deletes, copies, multipart, resentPart, abort, mixed

    var steps: [StoreStep] {
        switch self {
        case .puts:
            [
                .put("inline", size: 50, seed: 1), .put("chunk", size: 900, seed: 2),
                .put("chunked", size: 9_000, seed: 3),
                .put("empty", size: 0, seed: 0), .put("same", size: 9_000, seed: 3),
            ]
        case .overwrites:
            [
                .put("a", size: 9_000, seed: 1), .put("a", size: 50, seed: 2), .put("a", size: 60, seed: 3),
                .put("a", size: 900, seed: 4), .put("a", size: 900, seed: 4), .put("a", size: 7_000, seed: 5),
            ]
        case .deletes:
            [
                .put("a", size: 50, seed: 1), .put("b", size: 900, seed: 2), .put("c", size: 9_000, seed: 3),
                .delete("b"), .delete("a"), .delete("missing"), .delete("c"), .put("c", size: 9_000, seed: 3),
            ]
        case .copies:
            [
                .put("a", size: 9_000, seed: 1), .copy("a", to: "b"), .delete("a"), .copy("b", to: "b"),
                .put("c", size: 50, seed: 2), .copy("c", to: "b"), .copy("c", to: "c"), .delete("c"),
            ]
        case .multipart:
            [
                .put("a", size: 900, seed: 9), .createUpload("a"), .part("a", 1, size: 9_000, seed: 1),
                .part("a", 2, size: 900, seed: 2), .part("a", 3, size: 50, seed: 3), .complete("a", [1, 2, 3]),
                .copy("a", to: "b"), .delete("a"),
            ]
        case .resentPart:
            [
                .createUpload("a"), .part("a", 1, size: 5_000, seed: 1), .part("a", 1, size: 9_000, seed: 2),
                .part("a", 7, size: 40, seed: 3), .part("a", 7, size: 900, seed: 4), .complete("a", [7]),
                .put("a", size: 10, seed: 5),
            ]
        case .abort:
            [
                .createUpload("a"), .part("a", 1, size: 9_000, seed: 1), .part("a", 2, size: 30, seed: 2),
                .put("b", size: 9_000, seed: 1), .abort("a"), .createUpload("a"), .part("a", 1, size: 900, seed: 3),
            ]
        case .mixed:
            [
                .put("x", size: 6_000, seed: 1), .createUpload("m"), .part("m", 2, size: 6_000, seed: 1),
                .copy("x", to: "y"), .put("x", size: 20, seed: 2), .part("m", 1, size: 3_000, seed: 3), .delete("y"),
                .complete("m", [1, 2]), .put("z", size: 9_000, seed: 4), .copy("m", to: "x"), .delete("m"),
                .put("m", size: 900, seed: 5),
            ]
        }
    }
}
