import Synchronization

/// A bounded hand-over between a thread that must not wait and a task that may.
final class Mailbox<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var byteCount = 0
    }

    let capacity: Int
    let byteCapacity: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - capacity: elements held at most.
    ///   - byteCapacity: bytes held at most, as the callers count them; one element is always taken.
    init(capacity: Int, byteCapacity: Int) {
        self.capacity = capacity
        self.byteCapacity = byteCapacity
    }

    /// False, and nothing taken, when the box is full.
    func put(_ element: Element, byteCount: Int) -> Bool {
        state.withLock { state in
            guard state.elements.isEmpty || (state.elements.count < capacity && state.byteCount + byteCount <= byteCapacity)
            else { return false }
            state.elements.append(element)
            state.byteCount += byteCount
            return true
        }
    }

    /// Everything that is in it, oldest first.
    func takeAll() -> [Element] {
        state.withLock { state in
            let taken = state.elements
            state = State()
            return taken
        }
    }

    var count: Int { state.withLock { $0.elements.count } }
}
