// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// The last things that happened, for the report of a failure.
///
/// Unchecked: used by one thread, as the lives it belongs to.
final class EventLog: @unchecked Sendable {
    private enum Event {
        case call(MachineCall)
        case text(String)
    }

    private static let countMax = 400
    private var events: [Event] = []
    private var count = 0

    func add(_ call: MachineCall) {
        add(Event.call(call))
    }

    func add(_ text: String) {
        add(Event.text(text))
    }

    private func add(_ event: Event) {
        if events.count < Self.countMax { events.append(event) } else { events[count % Self.countMax] = event }
        count += 1
    }

    /// Oldest first; calls of the machine on one line until the next text.
    var lines: [String] {
        let start = count % max(1, events.count)
        var result: [String] = []
        var calls: [String] = []
        for event in events[start...] + events[..<start] {
            switch event {
            case .call(let call): calls.append(call.rawValue)
            case .text(let text):
                if !calls.isEmpty { result.append("    " + calls.joined(separator: " ")) }
                calls = []
                result.append(text)
            }
        }
        if !calls.isEmpty { result.append("    " + calls.joined(separator: " ")) }
        return result
    }
}
