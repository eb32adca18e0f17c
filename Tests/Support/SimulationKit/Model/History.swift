// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// Every course of events that explains what clients have seen so far.
///
/// Operations overlap, and each happens in some instant between its call and its answer. So there may be several states
/// that the store is allowed to have. An answer rules out those in which it would have been another; when none is left,
/// the store has done something that no order of the operations explains: it is not linearizable, or has lost something.
///
/// An operation takes effect as late as possible: not before an answer, its own or another's, can't be explained without it.
/// That keeps the courses few.
package struct History: Sendable {
    private struct Course: Hashable {
        var state: StoreState
        /// Of changes that have happened in this course and not returned yet.
        var answers: [Int: StoreAnswer] = [:]
        /// What each read that has not returned yet could have seen at some time since its call.
        var views: [Int: Set<Sighting>] = [:]
    }

    private typealias Candidate = (id: Int, operation: StoreOperation)

    private var courses: Set<Course>
    /// Called and not returned.
    private var changes: [Int: StoreOperation] = [:]
    private var reads: [Int: StoreOperation] = [:]
    /// Returned without saying whether they happened: nobody sees them before the next start, which decides.
    private var doubtful: [Int: StoreOperation] = [:]
    private var nextID = 0

    package init(_ state: StoreState = StoreState()) {
        courses = [Course(state: state)]
    }

    /// One of the states the store may have.
    var someState: StoreState { courses.first?.state ?? StoreState() }
    /// What a start may find done or not.
    var openChanges: [Int: StoreOperation] { changes.merging(doubtful) { first, _ in first } }

    package mutating func begin(_ operation: StoreOperation) -> Int {
        nextID += 1
        let id = nextID
        if operation.changesNothing {
            reads[id] = operation
            update { course in course.views[id] = Set(operation.sightings(in: course.state)) }
        } else {
            changes[id] = operation
        }
        return id
    }

    /// The operation has returned.
    ///
    /// - Returns: false when it can't have: no order of events gives that answer.
    package mutating func end(_ id: Int, _ answer: StoreAnswer) -> Bool {
        if let read = reads[id] {
            for sighting in read.sightings(saying: answer) {
                explain(through: sighting.place, change: nil) { $0.views[id]?.contains(sighting) == true }
            }
            reads[id] = nil
            update { $0.views[id] = nil }
        } else if let change = changes[id] {
            explain(through: change.places, change: id) { $0.answers[id] == answer }
            changes[id] = nil
            update { $0.answers[id] = nil }
        }
        return !courses.isEmpty
    }

    /// The operation has failed in a way that says that it did not happen.
    ///
    /// - Returns: false when somebody has seen it.
    package mutating func endWithoutEffect(_ id: Int) -> Bool {
        (reads[id], changes[id]) = (nil, nil)
        courses = courses.filter { $0.answers[id] == nil }
        update { $0.views[id] = nil }
        return !courses.isEmpty
    }

    /// The operation has failed in a way that says nothing.
    ///
    /// - Returns: false when somebody has seen it already.
    package mutating func leaveOpen(_ id: Int) -> Bool {
        doubtful[id] = changes[id]
        return endWithoutEffect(id)
    }

    /// What is left when a store starts again and `observed` is what it holds: nil when no course leads there.
    ///
    /// What was under way, or failed without saying how it ended, has happened whole or not at all.
    package func restarted(as observed: StoreState) -> History? {
        let isExplained = courses.contains { course in
            var isFound = false
            let places = course.state.places(thatDifferFrom: observed)
            explore(course, Self.related(openChanges, to: places)) { course in
                isFound = isFound || course.state.looksLike(observed)
                return !isFound
            }
            return isFound
        }
        return isExplained ? History(observed) : nil
    }

    private mutating func update(_ body: (inout Course) -> Void) {
        courses = Set(
            courses.map { course in
                var course = course
                body(&course)
                return course
            }
        )
    }

    /// Lets changes happen in every course until `isExplained`; courses that never get there are given up.
    private mutating func explain(through places: UInt64, change id: Int?, _ isExplained: (Course) -> Bool) {
        var explained: Set<Course> = []
        let candidates = Self.related(changes, to: places)
        for course in courses {
            explore(course, candidates) { course in
                if isExplained(course) {
                    explained.insert(course)
                    return false
                }
                // A change that has happened with another answer will not happen again.
                return id.map { course.answers[$0] == nil } ?? true
            }
        }
        courses = explained
    }

    /// Those that may have to do with `places`, be it through each other.
    private static func related(_ operations: [Int: StoreOperation], to places: UInt64) -> [Candidate] {
        var reach = places
        var found: [Candidate] = []
        var rest = operations.sorted { $0.key < $1.key }
        while let index = rest.firstIndex(where: { $0.value.places & reach != 0 }) {
            let (id, operation) = rest.remove(at: index)
            reach |= operation.places
            found.append((id, operation))
        }
        return found
    }

    /// Visits the course as it is, and as it goes on when some of `candidates` happen in some order.
    ///
    /// - Parameter visit: says whether to go on from there.
    private func explore(_ course: Course, _ candidates: [Candidate], _ visit: (Course) -> Bool) {
        guard visit(course), !candidates.isEmpty else { return }
        var seen: Set<Course> = [course]
        var open = [course]
        while let course = open.popLast() {
            for (id, operation) in candidates where course.answers[id] == nil {
                var next = course
                next.answers[id] = operation.apply(to: &next.state)
                for (id, read) in reads where read.places & operation.places != 0 {
                    next.views[id]?.formUnion(read.sightings(in: next.state))
                }
                if seen.insert(next).inserted, visit(next) { open.append(next) }
            }
        }
    }
}
