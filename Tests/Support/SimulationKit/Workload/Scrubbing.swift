// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ObjectStore
import StorageTestSupport
import StorageTypes

extension Life {
    /// Scrubs beside the clients, until they have all gone: what nobody damaged is never called damaged, whoever moves or
    /// deletes it meanwhile.
    func scrubOnline(_ store: ObjectStore) async {
        while workingClientCount > 0, failure == nil {
            await scheduler.sleep(generator.below(200))
            var policy = ScrubPolicy(byteRateMax: generator.pick([nil, 1 << 20]))
            policy.sliceByteCount = generator.pick([1, 1_024, 1 << 20])
            policy.startsOver = generator.coin()
            let scheduler = scheduler
            report.scrubCount += 1
            log.add("scrub")
            do throws(StoreError) {
                let scrubbed = try await store.scrub(policy) { _ in
                    await scheduler.sleep(20)
                } found: { _ in
                }
                log.add("scrubbed: \(scrubbed.chunkCount) chunks, \(scrubbed.findings)")
                if !isStruck, scrubbed.findingCount > 0 { fail(.soundness, "a scrub finds \(scrubbed.findings)") }
            } catch {
                log.add("scrubbed: \(error)")
                if !isStruck, error.code != .slowDown { fail(.availability, "a scrub fails: \(error)") }
            }
        }
    }

    /// Checks beside the clients and the collections: a sound store is never said to be anything else.
    func checkOnline(_ store: ObjectStore) async {
        while workingClientCount > 0, failure == nil {
            await scheduler.sleep(generator.below(400))
            log.add("check")
            do throws(StoreError) {
                let checked = try await store.fsck { _ in }
                report.checkCount += 1
                log.add("checked: \(checked.engine.problems) \(checked.objects.problems)")
                if !isStruck, !checked.isClean {
                    fail(.soundness, "a check finds \(checked.engine.problems) \(checked.objects.problems)")
                }
            } catch {
                log.add("checked: \(error)")
                if !isStruck, error.code != .slowDown { fail(.availability, "a check fails: \(error)") }
            }
        }
    }
}
