import AttestationFormat
import Foundation
import HarborsealTesting
import SensorSources
import Testing

/// A sender of another user, and what the intake's configuration says of it.
struct IntakePeer: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var allowedUserIDs: [UInt32] = []
    var allowedGroupIDs: [UInt32] = []
    var groupID: UInt32 = IntakePeer.nobody
    /// Its further groups, of which the kernel tells nothing.
    var furtherGroupIDs: [UInt32] = []
    var isAllowed = false

    static let nobody: UInt32 = 65_534
    private static let group: UInt32 = 4_242

    static let all = [
        IntakePeer(testDescription: "a user that nothing is said of"),
        IntakePeer(testDescription: "another user is allowed", allowedUserIDs: [1_000, 65_533]),
        IntakePeer(testDescription: "a group of the user's number is allowed", allowedGroupIDs: [nobody], groupID: group),
        IntakePeer(testDescription: "a user of the group's number is allowed", allowedUserIDs: [group], groupID: group),
        IntakePeer(testDescription: "a further group is allowed", allowedGroupIDs: [group], furtherGroupIDs: [group]),
        IntakePeer(testDescription: "the user is allowed", allowedUserIDs: [1_000, nobody], isAllowed: true),
        IntakePeer(testDescription: "the primary group is allowed", allowedGroupIDs: [group], groupID: group, isAllowed: true),
    ]

    /// Sends one line as this user, and prints the answer.
    func send(_ line: String, to path: String) throws -> (process: Process, output: Pipe) {
        let script = """
            import os, socket, sys
            path, line, user, group = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
            os.setgroups([int(further) for further in sys.argv[5:]]); os.setgid(group); os.setuid(user)
            sender = socket.socket(socket.AF_UNIX)
            sender.settimeout(10)
            sender.connect(path)
            try: sender.sendall(line.encode() + b"\\n")
            except OSError: pass  # turned away already: the reason waits to be read
            print(sender.makefile().readline(), end="")
            """
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = ["-c", script, path, line] + ([Self.nobody, groupID] + furtherGroupIDs).map { "\($0)" }
        process.standardOutput = output
        try process.run()
        return (process, output)
    }
}

@Suite("Intake peers") struct IntakePeerTests {
    @Test(
        "the user and the primary group that the kernel shows decide who may record; the others are told",
        .enabled(if: geteuid() == 0, "only root can send as another user"), arguments: IntakePeer.all)
    func peers(peer: IntakePeer) throws {
        let folder = try TemporaryDirectory(named: "peer")
        // Everybody reaches the socket: nothing but the check of the peer may stop them.
        try FileManager.default.setAttributes([.posixPermissions: 0o711], ofItemAtPath: folder.path)
        let source = try IntakeSource(
            path: UTF8Text(folder.file("s")), mode: 0o666, allowedUserIDs: peer.allowedUserIDs, allowedGroupIDs: peer.allowedGroupIDs)
        let driver = SourceDriver(.intake(source))
        let child = try peer.send(#"{"kind":"acme.x","source":"t","number":1}"#, to: folder.file("s"))
        var isAnswered = false
        let isDone = driver.turn {
            if !isAnswered, let token = driver.events.first?.token {
                source.answer(token, epoch: "00", sequence: 5)
                isAnswered = true
            }
            return !child.process.isRunning
        }
        try #require(isDone)
        let answer = String(decoding: child.output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        if peer.isAllowed {
            #expect(answer == #"{"epoch":"00","sequence":5}"# + "\n" && source.turnedAwayCount == 0 && source.strangerCount == 0)
        } else {
            #expect(answer.contains("user 65534 may not record events: add it to the intake's users or groups"), "\(answer)")
            #expect(driver.events.isEmpty && source.turnedAwayCount == 1 && source.strangerCount == 1 && driver.notices.count == 1)
        }
    }
}
