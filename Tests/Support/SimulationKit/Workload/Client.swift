// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ObjectStore
import StorageTestSupport
import StorageTypes

/// One of several that use a store at once: does one thing after the other, and compares each answer with the model.
struct Client: Sendable {
    let number: Int
    let life: Life
    let store: ObjectStore

    init(_ number: Int, _ life: Life, _ store: ObjectStore) {
        self.number = number
        self.life = life
        self.store = store
    }

    func work(_ count: Int) async {
        for _ in 0..<count where life.failure == nil {
            await life.scheduler.sleep(life.generator.below(life.generator.pick([1, 8])))
            life.clock.advance(byNanoseconds: Int64(life.generator.below(1_000_000)) - 1_000)
            life.report.operationCount += 1
            await perform(life.drawOperation())
        }
        life.workingClientCount -= 1
    }

    private func perform(_ operation: StoreOperation) async {
        switch operation {
        case .put(let key, let content, let onlyIfAbsent):
            await put(operation, key, content, onlyIfAbsent)
        case .delete(let keys): await delete(operation, keys)
        case .copy(let source, let target): await copy(operation, source, target)
        case .createUpload(let upload, let key): await createUpload(operation, upload, key)
        case .putPart(let upload, let number, let content): await putPart(operation, upload, number, content)
        case .complete(let upload, _, let parts): await complete(operation, upload, parts)
        case .abort(let upload): await abort(operation, upload)
        case .get(let key): await get(operation, key)
        case .list: await list(operation)
        case .listParts(let upload): await listParts(operation, upload)
        }
    }

    /// Does `call` as `operation`; what it throws and what it answers must be what the model allows.
    @discardableResult
    func attempt(
        _ operation: StoreOperation,
        ending: SimulatedBody.Ending = .whole,
        _ call: () async throws(StoreError) -> StoreAnswer
    ) async -> Bool {
        let wasRefusing = store.writeRefusal != nil
        let id = life.ledger.history.begin(operation)
        life.log.add("client \(number), \(id): \(operation)")
        let isExplained: Bool
        var text: String
        do {
            let answer = try await call()
            text = "\(answer)"
            if wasRefusing, !operation.changesNothing {
                life.fail(.refusal, "client \(number), \(id): \(text)")
            }
            isExplained = life.ledger.history.end(id, answer)
        } catch {
            text = "\(error)"
            life.report.failedOperationCount += 1
            switch Verdict(error, ending, isStruck: life.isStruck, wasRefusing: wasRefusing) {
            case .refusal(let refusal): isExplained = life.ledger.history.end(id, .refused(refusal))
            case .nothingHappened: isExplained = life.ledger.history.endWithoutEffect(id)
            case .nobodyKnows: isExplained = life.ledger.history.leaveOpen(id)
            case .unexpected:
                life.fail(.availability, "client \(number), \(id): \(operation) fails: \(error)")
                return false
            }
        }
        life.log.add("client \(number), \(id): \(text)")
        guard isExplained else {
            life.fail(.history, "client \(number), \(id): \(operation) answers \(text)")
            return false
        }
        return true
    }
}

extension Life {
    /// Keeps the first failure.
    func fail(_ invariant: SimulationFailure.Invariant, _ message: String) {
        log.add("failure: \(message)")
        if failure == nil { failure = SimulationFailure(invariant, message) }
    }
}
