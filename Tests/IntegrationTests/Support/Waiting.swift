import Foundation

/// Waits until `body` gives a value; throws with `what` and, in its words, what was there instead. It waits a minute at least: what comes late on a
/// busy machine has come.
func wait<Value>(
    for what: String, seconds: Double = 60, everyMilliseconds: UInt32 = 10, instead: () -> String = { "" },
    _ body: () throws -> Value?
) throws -> Value {
    let seconds = max(seconds, 60)
    let deadline = ContinuousClock.now.advanced(by: .seconds(seconds))
    repeat {
        if let value = try body() { return value }
        usleep(everyMilliseconds * 1_000)
    } while ContinuousClock.now < deadline
    throw IntegrationFailure("\(what): not within \(seconds) s. \(instead())")
}

/// Waits until `condition` holds.
func wait(
    until what: String, seconds: Double = 60, everyMilliseconds: UInt32 = 10, instead: () -> String = { "" },
    _ condition: () throws -> Bool
) throws {
    _ = try wait(for: what, seconds: seconds, everyMilliseconds: everyMilliseconds, instead: instead) {
        try condition() ? true : nil
    }
}
