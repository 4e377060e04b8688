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
        /// Questions without end: there is always one to be answered.
        case asking
        /// The same with wrong codes.
        case guessing
    }

    /// Those of one address are fewer than a server allows it.
    private static let script = """
        import base64, os, socket, ssl, sys, threading, time
        port, count, each, manner = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        held = []
        code = base64.b64encode(b"acme.gw-9:AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GG").decode()
        words = {
            "asking": "GET /crl/link.crl HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n",
            "guessing": "POST /.well-known/est/link/simpleenroll HTTP/1.1\\r\\nHost: a\\r\\nAuthorization: Basic " + code + "\\r\\nContent-Length: 1\\r\\n\\r\\nx",
        }
        def rush(number):
            while True:
                try:
                    link = socket.socket()
                    link.settimeout(60)
                    link.bind(("127.0.1.%d" % (1 + number // each), 0))
                    link.connect(("127.0.0.1", port))
                    link = context.wrap_socket(link)
                    # Always one more than was answered; of some connections far more.
                    batch = 4 if number % 2 else 400
                    while True:
                        link.sendall(words[manner].encode() * batch)
                        if not link.recv(4096): raise OSError
                except OSError: pass
        def ask_on(link):
            try:
                while True:
                    link.sendall(b"GET /metrics HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
                    time.sleep(0.01)
            except OSError: pass
        if manner in words:
            for number in range(count): threading.Thread(target=rush, args=(number,), daemon=True).start()
            count = 0
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
                if manner == "deaf": threading.Thread(target=ask_on, args=(link,), daemon=True).start()
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
