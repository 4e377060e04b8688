import Foundation
import Testing

/// What is copied onto a gateway besides the program: units, users, folders, rules and scripts, judged by the tools that read them.
@Suite(.serialized) struct UnitFileTests {
    private static let folder = Programs.packageRoot + "/Firmware-Config"

    private static func text(_ name: String) throws -> String {
        try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
    }

    /// systemd's own figure for how much a unit leaves open, from 0 to 10, offline: nothing of this machine counts.
    private static func exposure(_ parts: [String]) throws -> Double {
        let scratch = try ScratchFolder(named: "hs-unit")
        let unit = scratch.file("judged.service")
        try parts.map { try text($0) }.joined(separator: "\n").write(toFile: unit, atomically: false, encoding: .utf8)
        let analyze = try Programs.tool("systemd-analyze", package: "systemd")
        let output = try ChildProcess.run([analyze, "security", "--offline=true", "--no-pager", unit])
        let line = output.split(separator: "\n").last { $0.contains("Overall exposure level") }
        guard let word = line?.split(separator: ":").last?.split(separator: " ").first, let value = Double(word) else {
            throw IntegrationFailure("systemd-analyze says no level: \(output)")
        }
        return value
    }

    @Test("each unit leaves at most 1.5 of 10 open", arguments: ["harborseal-agent", "harborseal-modbus", "harborseal-node", "harborseal-registry"])
    func security(unit: String) throws {
        let level = try Self.exposure(["systemd/\(unit).service"])
        #expect(level <= 1.5, "\(level)")
    }

    @Test("what a drop-in opens is what it says", arguments: [
        ("agent", "devices", 1.7), ("agent", "senders", 1.6), ("modbus", "serial-line", 1.2),
    ])
    func dropIns(unit: String, name: String, stated: Double) throws {
        #expect(try Self.exposure(["systemd/harborseal-\(unit).service", "systemd/examples/\(name).conf"]) == stated)
        #expect(try Self.text("systemd/examples/\(name).conf").contains("score \(stated)"))
    }

    @Test("the watchdog has at least 30 s, and a failing agent is started again for ever") func restart() throws {
        let lines = Set(try Self.text("systemd/harborseal-agent.service").split(separator: "\n").map(String.init))
        #expect(lines.isSuperset(of: ["Type=notify", "NotifyAccess=main", "Restart=always", "StartLimitIntervalSec=0", "TimeoutStartSec=infinity"]))
        let watchdog = try #require(lines.first { $0.hasPrefix("WatchdogSec=") }?.dropFirst(12))
        #expect(try #require(Int(watchdog)) >= 30)
    }

    /// The names that a unit's SystemCallFilter lines allow, its sets spelled out by systemd itself.
    private static func allowedCalls(_ unit: String) throws -> Set<String> {
        let analyze = try Programs.tool("systemd-analyze", package: "systemd")
        func expand(_ name: Substring) throws -> Set<String> {
            guard name.hasPrefix("@") else { return [String(name)] }
            let lines = try ChildProcess.run([analyze, "syscall-filter", "--no-pager", String(name)]).split(separator: "\n").dropFirst()
            let names = lines.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
            return try names.reduce(into: []) { $0.formUnion(try expand(Substring($1))) }
        }
        // Always allowed by systemd, whatever a filter says.
        var allowed = try expand("@default")
        for line in try text(unit).split(separator: "\n") where line.hasPrefix("SystemCallFilter=") {
            let value = line.dropFirst("SystemCallFilter=".count)
            let names = try value.drop { $0 == "~" }.split(separator: " ").reduce(into: Set<String>()) { $0.formUnion(try expand($1)) }
            if value.hasPrefix("~") { allowed.subtract(names) } else { allowed.formUnion(names) }
        }
        return allowed
    }

    @Test("the unit's system call filter allows every call that the real agent makes, adjtimex among them") func systemCalls() throws {
        let scratch = try ScratchFolder(named: "hs-calls")
        let alliance = try Alliance(name: "gba-calls", nodes: ["hk-1"], quorum: 1)
        let broker = try RunningBroker(alliance)
        let agent = try RunningAgent(alliance, brokerPorts: [broker.port])
        try agent.reconfigure("[source.intake]", "[source.health]\ntype = health\nperiod = 1 s\n\n[source.intake]")
        // In front of execve stands what strace's child does itself.
        try agent.start(under: [try Programs.strace, "-f", "-qq", "-o", scratch.file("trace")])
        try Journey(agent).feed(5)
        try agent.waitForReport("the link") { $0.text("link", "state") == "connected" }
        // To the agent, not to strace, whose child it is.
        let tracer = try #require(agent.process).processID
        try ChildProcess.run([try Programs.tool("pkill", package: "procps"), "-HUP", "-P", "\(tracer)"])
        try wait(until: "the reload") { agent.log.contains("configuration read again") }
        #expect(try agent.command("doctor").code != 69)
        agent.kill()
        let trace = try String(contentsOfFile: scratch.file("trace"), encoding: .utf8)
        let made = Set(trace.split(separator: "\n").compactMap { line -> String? in
            guard let open = line.firstIndex(of: "(") else { return nil }
            let name = line[..<open].split(separator: " ").last.map(String.init) ?? ""
            return name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" } ? name : nil
        })
        #expect(made.contains("adjtimex") || made.contains("clock_adjtime"), "\(made.sorted())")
        #expect(made.count > 20)
        let missing = made.subtracting(try Self.allowedCalls("systemd/harborseal-agent.service"))
        #expect(missing.isEmpty, "\(missing.sorted())")
    }

    @Test("users and folders are made in an empty root, and the second time nothing changes") func usersAndFolders() throws {
        let root = try ScratchFolder(named: "hs-root")
        try FileManager.default.createDirectory(atPath: root.file("etc"), withIntermediateDirectories: true)
        for _ in 1...2 {
            for name in ["harborseal", "harborseal-node", "harborseal-registry"] {
                let path = Self.folder + "/systemd/" + name
                try ChildProcess.run([try Programs.tool("systemd-sysusers", package: "systemd"), "--root=\(root.path)", path + ".sysusers"])
                try ChildProcess.run([try Programs.tool("systemd-tmpfiles", package: "systemd"), "--root=\(root.path)", "--create", path + ".tmpfiles"])
            }
        }
        let users = try String(contentsOfFile: root.file("etc/passwd"), encoding: .utf8).split(separator: "\n")
        for name in ["harborseal", "harborseal-node", "harborseal-registry"] {
            let line = try #require(users.first { $0.hasPrefix(name + ":") })
            #expect(line.hasSuffix("/nologin") && users.count { $0.hasPrefix(name + ":") } == 1)
        }
        let folders = [
            "etc/harborseal", "var/lib/harborseal", "run/harborseal", "etc/harborseal-node", "var/lib/harborseal-node", "etc/harborseal-registry",
            "var/lib/harborseal-registry", "var/lib/harborseal-lists",
        ]
        let modes = try folders.map {
            (try FileManager.default.attributesOfItem(atPath: root.file($0))[.posixPermissions] as? NSNumber)?.intValue
        }
        #expect(modes == [0o1770, 0o700, 0o750, 0o750, 0o700, 0o750, 0o700, 0o755])
    }

    @Test("the scripts for OpenRC, OpenWrt and brokers are sound shell", arguments: [
        "openrc/harborseal-agent", "openwrt/harborseal-agent.init", "supervised/harborseal-agent-run", "mosquitto/fetch-lists",
    ])
    func scripts(name: String) throws {
        let path = Self.folder + "/" + name
        try ChildProcess.run(["/bin/sh", "-n", path])
        try ChildProcess.run([try Programs.tool("shellcheck", package: "shellcheck"), "--shell=sh", "--exclude=SC2034", path])
        #expect(FileManager.default.isExecutableFile(atPath: path))
    }

    /// A start script run by stand-ins for the words that OpenRC and procd give it: what would be done, line by line.
    @Test("OpenRC makes the folders before it starts, and does not start a wrong configuration") func openRC() throws {
        let script = """
            set -eu
            checkpath() { echo "checkpath $*"; }; need() { echo "need $*"; }; after() { :; }; use() { :; }
            . \(Self.folder)/openrc/harborseal-agent
            [ "$supervisor" = supervise-daemon ]; [ "$command_user" = harborseal:harborseal ]
            depend
            echo "command $command $command_args"
            agent=/bin/true; start_pre && echo started
            agent=/bin/false; if start_pre; then echo "started wrongly"; fi
            """
        let output = try ChildProcess.run(["/bin/sh", "-c", script])
        #expect(output.contains("need localmount") && output.contains("--mode 0750 /run/harborseal") && output.contains("started\n"), "\(output)")
        #expect(output.contains("command /usr/libexec/harborseal-agent-run \n"))
        #expect(!output.contains("started wrongly"))
    }

    @Test("procd gets the program, the user, and starts without end; a wrong configuration is not started") func procd() throws {
        let script = """
            set -u
            mkdir() { :; }; chown() { :; }; chmod() { :; }
            procd_open_instance() { :; }; procd_close_instance() { echo closed; }
            procd_set_param() { echo "param $*"; }; procd_send_signal() { echo "signal $*"; }
            . \(Self.folder)/openwrt/harborseal-agent.init
            PROG=/bin/true; start_service; reload_service
            PROG=/bin/false; start_service || echo refused
            """
        let output = try ChildProcess.run(["/bin/sh", "-c", script])
        for line in ["param command /usr/libexec/harborseal-agent-run", "param user harborseal", "param respawn 3600 5 0", "signal harborseal-agent * HUP", "refused"] {
            #expect(output.contains(line), "\(line): \(output)")
        }
        #expect(output.split(separator: "\n").count { $0 == "closed" } == 1)
    }

    /// Debian 12's udevadm cannot verify rules (249 and later of other systems can): their grammar is checked here.
    @Test("every udev rule is matches and assignments, and gives no device to everybody") func rules() throws {
        let item = #/[A-Z]+(\{[A-Za-z_]+\})?(==|!=|=|\+=)"[^"]*"/#
        for line in try Self.text("udev/60-harborseal.rules").split(separator: "\n") {
            let rule = line.hasPrefix("#SUBSYSTEM") ? line.dropFirst() : line
            if rule.hasPrefix("#") { continue }
            for part in rule.split(separator: ",") {
                #expect(part.trimmingCharacters(in: .whitespaces).wholeMatch(of: item) != nil, "\(part)")
            }
            if rule.contains("MODE=") { #expect(rule.contains("MODE=\"0660\"") && rule.contains("GROUP=\"harborseal\"")) }
        }
    }
}
