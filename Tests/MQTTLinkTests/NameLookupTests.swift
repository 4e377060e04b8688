import CPosixShims
import Foundation
import HarborsealTesting
import MQTTLink
import Testing

@Suite struct NameLookupTests {
    @Test("a link bounds what dead name servers cost, and an operator's own setting stays") func resolverOptions() throws {
        var options: String? { posix_environment("RES_OPTIONS").map { String(cString: $0) } }
        let before = options
        defer { if let before { setenv("RES_OPTIONS", before, 1) } else { unsetenv("RES_OPTIONS") } }
        unsetenv("RES_OPTIONS")
        _ = try BrokerLink(try LinkConfiguration.plain(1))
        #expect(options == "timeout:1 attempts:1")
        setenv("RES_OPTIONS", "timeout:3 rotate", 1)
        _ = try BrokerLink(try LinkConfiguration.plain(1))
        #expect(options == "timeout:3 rotate")
    }
}
