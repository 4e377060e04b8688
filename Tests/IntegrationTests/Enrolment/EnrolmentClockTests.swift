import Foundation
import Testing

extension EnrolmentTests {
    /// Certificates that fail by a gateway's wrong clock alone.
    @Suite(.serialized) struct Clocks {
        /// What the words name: begin and end of the certificate, and this machine's clock, each as text that sorts by time.
        private static func moments(_ words: String) -> [String] {
            guard let found = words.firstMatch(of: #/it is good from (2\S+)Z to (2\S+)Z, and this machine's clock says (2\S+)Z; check this machine's clock first \(timedatectl\)/#) else { return [] }
            return [String(found.1), String(found.2), String(found.3)]
        }

        @Test("a clock that is a year ahead is named with what it and the certificate say, before anybody is blamed", arguments: [
            ("good", 1, "of localhost:"), ("long", 65, "that came"),
        ])
        func ahead(server: String, code: Int32, whose: String) throws {
            let gateway = try TestedGateway(try registry.get())
            let enrolment = TestRegistry.freshCode()
            try gateway.registry.order(["server": server], code: enrolment)
            let seconds: Int64 = 365 * 86_400
            let clock = try ClockShift(seconds: seconds).wrapper(in: gateway.folder)
            let told = try gateway.command(["enroll", try gateway.wholeText(code: enrolment)], under: clock)
            #expect(told.code == code && told.output.contains("the certificate \(whose)") && told.output.contains(" has expired: "), "\(told)")
            let moments = Self.moments(told.output)
            #expect(moments.count == 3 && moments == moments.sorted(), "\(told)")
            #expect(moments.last.map { $0 > ISO8601DateFormatter().string(from: Date() + TimeInterval(seconds) - 600) } ?? false, "\(told)")
            let again = try gateway.command("enroll", gateway.wholeText(code: enrolment))
            #expect(again.code == 0, "\(again)")
            #expect(try gateway.expectEnrolled())
            let doctor = try gateway.command(["doctor"], under: clock).output
            #expect(doctor.contains("check this machine's clock (timedatectl), then ask the firm's operator"), "\(doctor)")
        }

        @Test("a certificate that begins later than the clock says is told in the same way, and the code goes to nobody")
        func behind() throws {
            let gateway = try TestedGateway(try registry.get())
            try gateway.registry.order(["server": "future"])
            let told = try gateway.command("enroll", gateway.text())
            let moments = Self.moments(told.output)
            #expect(told.code == 1 && told.output.contains(" is not valid yet: ") && moments.count == 3 && moments[2] < moments[0] && moments[0] < moments[1], "\(told)")
            #expect(!gateway.registry.requests.contains { $0.device.hasSuffix(gateway.device) })
        }

        @Test("a clock of 1970 enrols all the same")
        func unset() throws {
            let gateway = try TestedGateway(try registry.get())
            let code = TestRegistry.freshCode()
            try gateway.registry.order(code: code)
            let clock = try ClockShift(seconds: 20 - Int64(Date().timeIntervalSince1970)).wrapper(in: gateway.folder)
            let told = try gateway.command(["enroll", try gateway.wholeText(code: code)], under: clock)
            #expect(told.code == 0, "\(told)")
            #expect(try gateway.expectEnrolled())
        }
    }
}
