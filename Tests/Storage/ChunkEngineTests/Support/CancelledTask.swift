// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// Runs `body` in a task that is cancelled before it begins.
func cancelled<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async -> Result<Value, any Error>
{
    let task = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return try await body()
    }
    return await task.result
}
