import Foundation

/// Connections from many addresses of loopback that never say what they came for.
final class Crowd {
    enum Manner: String, CaseIterable {
        /// Not even a TLS handshake.
        case mute
        /// The handshake, and nothing behind it.
        case silent
        /// A whole head, and a body that does not come.
        case bodiless
        /// Question after question, and no answer taken.
        case deaf
        /// Answered, and asking nothing more.
        case kept
    }

    /// Those of one address are fewer than a server allows it.
    private static let script = """
        import os, socket, ssl, sys
        port, count, each, manner = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        held = []
        for number in range(count):
            link = socket.socket()
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            link.settimeout(60)
            link.bind(("127.0.1.%d" % (1 + number // each), 0))
            try:
                link.connect(("127.0.0.1", port))
                if manner != "mute": link = context.wrap_socket(link)
                if manner == "bodiless": link.sendall(b"POST /healthz HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 9\\r\\n\\r\\nx")
                if manner == "kept":
                    link.sendall(b"GET /healthz HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
                    link.recv(1)
                if manner == "deaf":
                    link.settimeout(0.05 if count > 1 else 5)
                    for _ in range(200): link.sendall(b"GET /metrics HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n" * 50)
            except OSError: pass
            held.append(link)
        os.write(1, b"there")
        os.close(1)
        sys.stdin.read()
        """

    private let process = Process()
    private let input = Pipe()

    /// Comes, and is there when this returns.
    init(_ manner: Manner, count: Int, ofEachAddress each: Int, port: Int) throws {
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = ["-c", Self.script, "\(port)", "\(count)", "\(each)", manner.rawValue]
        (process.standardInput, process.standardOutput) = (input, output)
        try process.run()
        let words = output.fileHandleForReading.readDataToEndOfFile()
        guard words == Data("there".utf8) else { throw Tool.Failure(description: "nobody came: \(String(decoding: words, as: UTF8.self))") }
    }

    /// Goes.
    func leave() throws {
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
