import Foundation
import Testing

extension BrokersAndNodes {
    /// The agent has one thread, and a lookup of a name blocks it.
    @Suite struct NameLookups {
        private static let alliance = Result { try Alliance(name: "gba-names", nodes: ["hk-1"], quorum: 1) }

        @Test(
            "two name servers that do not answer block the agent for two seconds, not for twenty",
            .enabled(if: SmallDisk.isPossible, Comment(rawValue: SmallDisk.reason)))
        func deadServers() throws {
            let addresses = ["127.0.83.1", "127.0.83.2"]
            let servers = try addresses.map { try DeadNameServer($0) }
            let agent = try RunningAgent(try Self.alliance.get(), brokerPorts: [1])
            try agent.reconfigure("localhost:1", "broker.harborseal.test:8883")
            let resolver = agent.folder.file("resolv.conf")
            try addresses.map { "nameserver \($0)\n" }.joined().write(toFile: resolver, atomically: false, encoding: .utf8)
            // It alone sees another resolv.conf.
            let script = "mount --bind \(resolver) /etc/resolv.conf && exec \"$0\" \"$@\""
            try agent.start(under: ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", script])
            var longest = Duration.zero
            let end = ContinuousClock.now + .seconds(12)
            while ContinuousClock.now < end {
                let begun = ContinuousClock.now
                _ = try #require(agent.status, "no answer to status")
                longest = max(longest, begun.duration(to: .now))
                usleep(20_000)
            }
            #expect(servers.allSatisfy { $0.questionCount > 0 }, "both were asked")
            #expect(longest > .milliseconds(500) && longest < .seconds(10), "the longest answer took \(longest)")
        }

        /// Hears every question and answers none.
        private final class DeadNameServer {
            private let descriptor: Int32

            init(_ address: String) throws {
                descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
                var place = sockaddr_in()
                place.sin_family = sa_family_t(AF_INET)
                place.sin_port = UInt16(53).bigEndian
                inet_pton(AF_INET, address, &place.sin_addr)
                let result = withUnsafePointer(to: &place) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
                }
                guard result == 0 else { throw IntegrationFailure("\(address):53 cannot be bound: errno \(errno)") }
            }

            deinit { close(descriptor) }

            /// Since the last look.
            var questionCount: Int {
                var (count, bytes) = (0, [UInt8](repeating: 0, count: 512))
                while recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT)) > 0 { count += 1 }
                return count
            }
        }
    }
}
