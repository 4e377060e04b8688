import AttestationFormat
import HarborsealTesting
import LogisticsEvents
@testable import SensorSources
import Testing

private func context(_ monotonic: UInt64, room: Int = 10_000) -> SourceContext {
    SourceContext(
        moment: EventMoment(wallMilliseconds: 1_795_327_388_000, monotonicMilliseconds: monotonic), eventRoom: room)
}

/// A line at so many seconds after 14:00.
private func line(_ second: Int) -> String {
    #"{"kind":"acme.x","source":"own","number":1,"time":"2026-11-22T14:00:\#(second < 10 ? "0" : "")\#(second)Z"}"#
}

private func served(_ replay: ReplaySource, _ context: SourceContext) -> SourceOutput {
    var salts = FixedSalts()
    var output = SourceOutput()
    replay.serve(context: context, salts: &salts, into: &output)
    return output
}

@Suite("Replay") struct ReplaySourceTests {
    private func file(_ text: String) throws -> (TemporaryDirectory, UTF8Text) {
        let folder = try TemporaryDirectory(named: "replay")
        return (folder, UTF8Text(try folder.write(text, to: "trip.ndjson")))
    }

    @Test("every line becomes an event with flag 8, its own time and its line number; blank lines count")
    func fast() throws {
        let (folder, path) = try file(line(1) + "\n\n" + line(2) + "\r\n" + line(3))
        let replay = try ReplaySource(path: path, pace: .fast)
        #expect(replay.sourceName == "replay:trip.ndjson")
        let output = served(replay, context(0))
        #expect(output.events.map { $0.identity?.number } == [1, 3, 4])
        for event in output.events {
            let view = try EventView(parsing: event.bytes)
            #expect(view.flags == [.replayed])
            #expect(view.wallClockMilliseconds < 1_795_356_004_000)
            #expect(event.identity?.source == "replay:trip.ndjson")
        }
        #expect(replay.isFinished && replay.nextDeadline == nil)
        #expect(output.notices.last?.text.string.contains("3 events") == true)
        withExtendedLifetime(folder) {}
    }

    @Test("a start after a stop goes on behind the last line that the journal holds")
    func resumes() throws {
        let (folder, path) = try file((0..<50).map { line($0) }.joined(separator: "\n"))
        let replay = try ReplaySource(path: path, pace: .fast, lastLine: 47)
        #expect(served(replay, context(0)).events.map { $0.identity?.number } == [48, 49, 50])
        let ended = try ReplaySource(path: path, pace: .fast, lastLine: 50)
        #expect(served(ended, context(0)).events.isEmpty)
        #expect(ended.isFinished)
        withExtendedLifetime(folder) {}
    }

    @Test("events that come back are handed over again after a second, unchanged and before all others, also at the end of the file", arguments: [3, 50])
    func returned(count: Int) throws {
        let (folder, path) = try file((0..<count).map { line($0) }.joined(separator: "\n"))
        let replay = try ReplaySource(path: path, pace: .fast)
        let first = served(replay, context(0, room: count == 3 ? 10 : 3))
        #expect(first.events.count == 3 && replay.eventCount == 3)
        let isFinished = replay.isFinished
        replay.takeBack(first.events, from: 1, nowMilliseconds: 5_000)
        #expect(replay.eventCount == 1 && replay.nextDeadline == 6_000 && !replay.isFinished)
        #expect(served(replay, context(5_999)).events.isEmpty)
        #expect(served(replay, context(6_000, room: 0)).events.isEmpty, "a journal without room gets nothing")
        // And once more: the journal is as full as before.
        let second = served(replay, context(6_000))
        #expect(second.events.map(\.bytes) == first.events[1...].map(\.bytes) && second.events.map { $0.identity?.number } == [2, 3])
        replay.takeBack(second.events, from: 0, nowMilliseconds: 6_000)
        #expect(served(replay, context(7_000)).events.map(\.bytes) == second.events.map(\.bytes))
        #expect(replay.eventCount == 3 && replay.isFinished == isFinished)
        #expect(served(replay, context(7_000)).events.map { $0.identity?.number } == (3..<count).map { UInt64($0) + 1 })
        withExtendedLifetime(folder) {}
    }

    @Test("no more lines are taken than the journal has room for")
    func room() throws {
        let (folder, path) = try file((0..<50).map { line($0) }.joined(separator: "\n"))
        let replay = try ReplaySource(path: path, pace: .fast)
        #expect(served(replay, context(0, room: 0)).events.isEmpty)
        #expect(served(replay, context(0, room: 20)).events.count == 20)
        #expect(served(replay, context(0, room: 100)).events.count == 30)
        withExtendedLifetime(folder) {}
    }

    @Test("at its own pace, and ten times faster, a line waits for its time")
    func pace() throws {
        let (folder, path) = try file([0, 10, 20].map { line($0) }.joined(separator: "\n"))
        for (pace, step) in [(ReplaySource.Pace.original, 10_000 as UInt64), (.times(10), 1000)] {
            let replay = try ReplaySource(path: path, pace: pace)
            #expect(served(replay, context(500)).events.count == 1)
            #expect(replay.nextDeadline == 500 + step)
            #expect(served(replay, context(499 + step)).events.isEmpty)
            #expect(served(replay, context(500 + step)).events.count == 1)
            #expect(served(replay, context(500 + 5 * step)).events.count == 1)
            #expect(replay.isFinished)
        }
        withExtendedLifetime(folder) {}
    }

    @Test("lines that are no events are told by their number, skipped and counted")
    func bad() throws {
        let long = String(repeating: "x", count: 200_000)
        let (folder, path) = try file([line(1), "{bad", long, #"{"kind":"door.opened"}"#, line(2), long].joined(separator: "\n"))
        let replay = try ReplaySource(path: path, pace: .original)
        var output = served(replay, context(0))
        output.events += served(replay, context(1_000_000)).events
        #expect(output.events.map { $0.identity?.number } == [1, 5])
        #expect(replay.refusedCount == 4)
        #expect(output.notices.first?.text.string.hasPrefix("line 2 refused") == true)
        withExtendedLifetime(folder) {}
    }

    @Test("lines that cross the edge of a block are whole")
    func blocks() throws {
        let lines = (0..<5000).map { #"{"kind":"acme.x","fields":{"n":\#($0),"pad":"\#(String(repeating: "p", count: $0 % 97))"}}"# }
        let (folder, path) = try file(lines.joined(separator: "\n"))
        let replay = try ReplaySource(path: path, pace: .fast)
        var count = 0
        while !replay.isFinished { count += served(replay, context(0)).events.count }
        #expect(count == 5000 && replay.refusedCount == 0)
        withExtendedLifetime(folder) {}
    }

    @Test("a file that is missing, and a folder, are errors that name them")
    func missing() throws {
        let error = #expect(throws: SourceError.self) { try ReplaySource(path: "/nonexistent/x", pace: .fast) }
        #expect(error?.message.string.contains("/nonexistent/x") == true)
        let folder = try ReplaySource(path: "/tmp", pace: .fast)
        #expect(served(folder, context(0)).notices.first?.text.string.contains("reading failed: Is a directory") == true)
        #expect(folder.isFinished)
    }
}
